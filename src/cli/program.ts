import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type CommandCall, type CommandSpec, type OptionSpec, OptionValues, type ProgramName } from './command-spec.ts';
import { parseDuration } from './output/duration.ts';
import { type ColorChoice, processTerminal, type Terminal } from './output/terminal.ts';
import { withWaitingNote } from './output/waiting-note.ts';
import { COMMANDS, GLOBAL_OPTIONS, GROUPS } from './specs/index.ts';

const MAX_HELP_WIDTH = 100;

/** What a command is told of the process that it runs in. */
export interface Surroundings extends Pick<CommandCall, 'env' | 'cwd' | 'now'> {
  readonly terminal: (color: ColorChoice) => Terminal;
  /** Is told the exit code of the command that was run. */
  readonly finish: (exitCode: number) => void;
}

/** This process and its terminal. */
export function processSurroundings(finish: (exitCode: number) => void): Surroundings {
  const { env } = process;
  return { env, cwd: process.cwd(), now: Date.now, finish, terminal: (color) => processTerminal(color, env) };
}

/** @param name what the program was called by. */
export function createProgram(name: ProgramName, around: Surroundings): Command {
  const program = new Command(name)
    .description('One service mesh over many Kubernetes clusters, and a whole mesh on your own machine in seconds.')
    .usage('[options] <command>')
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError(true)
    // Options of every command stand before or after it; after it, its own letters go first: `exec -i`.
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ helpWidth: Math.min(process.stdout.columns || MAX_HELP_WIDTH, MAX_HELP_WIDTH) });
  for (const option of GLOBAL_OPTIONS) program.addOption(createOption(option));
  for (const spec of COMMANDS) parentOf(program, spec).addCommand(createCommand(spec, program, around));
  const start = name === 'istioctl' ? 'istioctl install --set profile=default -y' : 'pelagos up examples/two-clusters';
  program.addHelpText('after', `\nStart with:\n  $ ${start}`);
  return program;
}

/** The command that a name of two words belongs to; a group is made for its first command. */
function parentOf(program: Command, spec: CommandSpec): Command {
  const [first = '', second] = spec.name.split(' ');
  if (second === undefined) return program;
  const known = program.commands.find((command) => command.name() === first);
  if (known) return known;
  const group = GROUPS.find(({ name }) => name === first);
  const made = new Command(first).summary(group?.summary ?? '').description(group?.summary ?? '');
  program.addCommand(made.aliases(group?.aliases ?? []).copyInheritedSettings(program));
  return made;
}

function createCommand(spec: CommandSpec, program: Command, around: Surroundings): Command {
  const command = new Command(spec.name.split(' ').at(-1))
    .summary(spec.summary)
    .description(spec.description)
    .aliases(spec.aliases)
    .allowExcessArguments(false)
    .copyInheritedSettings(program);
  for (const argument of spec.arguments) command.addArgument(new Argument(argument.name, argument.text));
  for (const option of spec.options) command.addOption(createOption(option));
  command.optionsGroup('Global options:');
  for (const option of globalsBeside(spec)) command.addOption(createOption(option));
  command.addHelpText('after', formatExamples(spec, program.name() as ProgramName));
  command.action(async () => {
    const { run } = await spec.load();
    const options = new OptionValues(valuesOf(command, program));
    const { env, cwd, now } = around;
    const plain = around.terminal((options.text('color') ?? 'auto') as ColorChoice);
    const { terminal, end } =
      spec.waiting === undefined ? { terminal: plain, end: noop } : withWaitingNote(plain, spec.waiting);
    const call = { program: program.name() as ProgramName, args: command.args, options, terminal, env, cwd, now };
    try {
      around.finish(await run(call));
    } finally {
      end();
    }
  });
  return command;
}

/** The options of every command, without the letters that it uses for its own and without presets, which the program has. */
function globalsBeside({ options }: CommandSpec): readonly OptionSpec[] {
  const taken = new Set(options.flatMap(({ flags }) => namesIn(flags)));
  return GLOBAL_OPTIONS.flatMap(({ flags, text, value }) => {
    const [long = '', short] = namesIn(flags).reverse();
    if (taken.has(long)) return [];
    return [{ flags: short !== undefined && taken.has(short) ? flags.replace(`${short}, `, '') : flags, text, value }];
  });
}

/** `['-o', '--output']` of `-o, --output <format>`. */
function namesIn(flags: string): string[] {
  return flags.split(/[ ,]+/).filter((word) => word.startsWith('-'));
}

/** What stands after the command counts, then what stands before it. */
function valuesOf(command: Command, program: Command): Readonly<Record<string, unknown>> {
  const own = Object.entries(command.opts()).filter(([, value]) => value !== undefined);
  return { ...program.opts(), ...Object.fromEntries(own) };
}

function noop(): void {}

function formatExamples({ examples }: CommandSpec, program: ProgramName): string {
  const lines = examples.flatMap(({ command, text }) => [
    `  # ${text}`,
    `  $ ${command.replaceAll(/(^|\| |&& )pelagos /g, `$1${program} `)}`,
  ]);
  return ['', 'Examples:', ...lines].join('\n');
}

function createOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.text);
  // Milliseconds are for the command; a person reads the preset as it would be typed.
  if (spec.default !== undefined) option.default(parseValue(spec.value, spec.default, undefined), spec.default);
  if (spec.value.kind === 'choice') option.choices(spec.value.choices);
  else if (spec.value.kind !== 'flag') option.argParser((text, before) => parseValue(spec.value, text, before));
  return option;
}

function parseValue(value: OptionSpec['value'], text: string, before: unknown): unknown {
  switch (value.kind) {
    case 'duration': {
      const ms = parseDuration(text);
      if (ms === undefined) throw new InvalidArgumentError('A duration is a number with s, m or h: 90s, 2m.');
      return ms;
    }
    case 'count':
      // kubectl's `--tail -1` means all.
      if (!/^-1$|^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
      return Number(text);
    case 'list':
      return [...(Array.isArray(before) ? before : []), text];
    default:
      return text;
  }
}
