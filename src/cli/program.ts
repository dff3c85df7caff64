import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { type CommandSpec, type OptionSpec, OptionValues } from './command-spec.ts';
import { parseDuration } from './output/duration.ts';
import { type ColorChoice, processTerminal } from './output/terminal.ts';
import { COMMANDS, GLOBAL_OPTIONS } from './specs/index.ts';

/** @param finish is told the exit code of the command that was run. */
export function createProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('pelagos')
    .description('One service mesh over many Kubernetes clusters, and a whole mesh on your own machine in seconds.')
    .usage('[options] <command>')
    .helpCommand('help [command]', 'help for a command')
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(process.stdout.columns || 100, 100) });
  for (const option of GLOBAL_OPTIONS) program.addOption(createOption(option));
  for (const spec of COMMANDS) program.addCommand(createCommand(spec, program, finish));
  program.addHelpText('after', '\nStart with:\n  $ pelagos up examples/two-clusters');
  return program;
}

function createCommand(spec: CommandSpec, program: Command, finish: (exitCode: number) => void): Command {
  const command = new Command(spec.name)
    .summary(spec.summary)
    .description(spec.description)
    .aliases(spec.aliases)
    .allowExcessArguments(false)
    .copyInheritedSettings(program);
  for (const argument of spec.arguments) command.addArgument(new Argument(argument.name, argument.text));
  for (const option of spec.options) command.addOption(createOption(option));
  command.addHelpText('after', formatExamples(spec));
  command.action(async () => {
    const { run } = await spec.load();
    const options = new OptionValues(command.optsWithGlobals());
    finish(
      await run({
        args: command.args,
        options,
        terminal: processTerminal((options.text('color') ?? 'auto') as ColorChoice, process.env),
        env: process.env,
        cwd: process.cwd(),
        now: Date.now,
      }),
    );
  });
  return command;
}

function formatExamples({ examples }: CommandSpec): string {
  const lines = examples.flatMap(({ command, text }) => [`  # ${text}`, `  $ ${command}`]);
  return ['', 'Examples:', ...lines].join('\n');
}

function createOption(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.text);
  // Milliseconds are for the command; a person reads the preset as it would be typed.
  if (spec.default !== undefined) option.default(parseValue(spec, spec.default, undefined), spec.default);
  if (spec.value.kind === 'choice') option.choices(spec.value.choices);
  else if (spec.value.kind !== 'flag') option.argParser((text, before) => parseValue(spec, text, before));
  return option;
}

function parseValue({ value }: OptionSpec, text: string, before: unknown): unknown {
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
