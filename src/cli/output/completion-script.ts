import type { CommandSpec, OptionSpec } from '../command-spec.ts';

type Commands = readonly CommandSpec[];
type Options = readonly OptionSpec[];

/** `['-o', '--output']` of `-o, --output <format>`. */
function namesOf(option: OptionSpec): readonly string[] {
  return option.flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

function wordsAfter(command: CommandSpec, globals: Options): string {
  const options = [...command.options, ...globals].flatMap(namesOf);
  return [...command.arguments.flatMap((argument) => argument.words ?? []), ...options].join(' ');
}

/** Completes the command, then its words and options; file names where nothing of ours fits. */
export function bashCompletion(commands: Commands, globals: Options): string {
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
complete -o default -F _pelagos pelagos
`;
}

/** zsh runs the script for bash through its own bridge. */
export function zshCompletion(commands: Commands, globals: Options): string {
  return `#compdef pelagos\nautoload -U +X bashcompinit && bashcompinit\n${bashCompletion(commands, globals)}`;
}

export function fishCompletion(commands: Commands, globals: Options): string {
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
  return `# fish completion for pelagos\n${[...lines, ...globals.map((option) => `complete -c pelagos ${fishOption(option)}`)].join('\n')}\n`;
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
