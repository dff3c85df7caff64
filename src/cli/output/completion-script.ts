import type { CommandGroup, CommandSpec, OptionSpec } from '../command-spec.ts';

type Commands = readonly CommandSpec[];
type Options = readonly OptionSpec[];

/** All that the scripts know. */
export interface Completed {
  readonly commands: Commands;
  readonly groups: readonly CommandGroup[];
  readonly globals: Options;
}

/** `['-o', '--output']` of `-o, --output <format>`. */
function namesOf(option: OptionSpec): readonly string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function wordsAfter(command: CommandSpec, globals: Options): string {
  const options = [...command.options, ...globals].flatMap(namesOf);
  return [...command.arguments.flatMap((argument) => argument.words ?? []), ...options].join(' ');
}

/** What stands first on the line: commands of two words become the words of their first. */
function firstWords({ commands, groups: known }: Completed): Commands {
  const groups = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))];
  return groups.map((first) => {
    const own = commands.find(({ name }) => name === first);
    const below = commands.filter(({ name }) => name.startsWith(`${first} `));
    const [example] = below;
    const base = own ?? (example as CommandSpec);
    const words = below.map(({ name }) => name.slice(first.length + 1));
    const group = known.find(({ name }) => name === first);
    return {
      ...base,
      name: first,
      aliases: own?.aliases ?? group?.aliases ?? [],
      summary: own?.summary ?? group?.summary ?? '',
      arguments: [
        ...(own?.arguments ?? []),
        ...(words.length > 0 ? [{ name: '<command>', text: '', words }] : []),
        ...below.flatMap((command) => command.arguments),
      ],
      options: [...(own?.options ?? []), ...below.flatMap((command) => command.options)],
    };
  });
}

/** Completes the command, then its words and options; file names where nothing of ours fits. */
export function bashCompletion(all: Completed): string {
  const { globals } = all;
  const commands = firstWords(all);
  const names = commands.flatMap((command) => [command.name, ...command.aliases]);
  const cases = commands.map(
    (command) => `    ${[command.name, ...command.aliases].join('|')}) words="${wordsAfter(command, globals)}" ;;`,
  );
  const withValue = globals.filter((option) => option.value.kind !== 'flag').flatMap(namesOf);
  return `# bash completion for pelagos
_pelagos() {
  local current="\${COMP_WORDS[COMP_CWORD]}" command="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      ${withValue.join('|')}) ((index++)) ;;
      -*) ;;
      *) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  case "$command" in
    "") words="${[...names, ...globals.flatMap(namesOf)].join(' ')}" ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _pelagos pelagos istioctl
`;
}

/** zsh runs the script for bash through its own bridge. */
export function zshCompletion(all: Completed): string {
  return `#compdef pelagos istioctl\nautoload -U +X bashcompinit && bashcompinit\n${bashCompletion(all)}`;
}

export function fishCompletion(all: Completed): string {
  const { globals } = all;
  const commands = firstWords(all);
  const names = commands.map((command) => command.name).join(' ');
  const lines = commands.flatMap((command) => {
    const seen = `__fish_seen_subcommand_from ${[command.name, ...command.aliases].join(' ')}`;
    const words = command.arguments.flatMap((argument) => argument.words ?? []);
    return [
      `complete -c pelagos -n "not __fish_seen_subcommand_from ${names}" -f -a ${command.name} -d ${quote(command.summary)}`,
      ...(words.length > 0 ? [`complete -c pelagos -n "${seen}" -a ${quote(words.join(' '))}`] : []),
      ...command.options.map((option) => `complete -c pelagos -n "${seen}" ${fishOption(option)}`),
    ];
  });
  const pelagos = [...lines, ...globals.map((option) => `complete -c pelagos ${fishOption(option)}`)];
  return `# fish completion for pelagos\n${pelagos.join('\n')}\ncomplete -c istioctl -w pelagos\n`;
}

function fishOption(option: OptionSpec): string {
  const names = namesOf(option).map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const value =
    option.value.kind === 'choice'
      ? [`-x -a ${quote(option.value.choices.join(' '))}`]
      : option.value.kind === 'flag'
        ? []
        : ['-r'];
  return [...names, ...value, `-d ${quote(option.text)}`].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
