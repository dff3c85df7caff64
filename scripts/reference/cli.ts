/** Makes docs/reference/cli.md from the definitions of the commands. */
import type { ArgumentSpec, CommandSpec, OptionSpec } from '../../src/cli/command-spec.ts';
import { COMMANDS, GLOBAL_OPTIONS } from '../../src/cli/specs/index.ts';

/** The page as Markdown. */
export function cliReference(): string {
  return [
    '# Commands',
    '',
    '<!-- Made by scripts/reference/write.ts from src/cli/specs; a test compares them. -->',
    '',
    '`pelagos [options] <command>`; every command has `--help`. The program answers to the name `istioctl` too.',
    '',
    ...table(
      ['Command', 'What it does'],
      COMMANDS.map((command) => [`[\`${command.name}\`](#${command.name.replaceAll(' ', '-')})`, command.summary]),
    ),
    '',
    '## Options of every command',
    '',
    'They may stand before the command, too, as with kubectl and istioctl.',
    '',
    ...optionTable(GLOBAL_OPTIONS),
    '',
    '## Exit codes',
    '',
    '0: it went well (of `status`: everything is ready). 1: it failed. 2: the command line is wrong. `exec` gives the code of the command that it ran.',
    '',
    '## Environment',
    '',
    ...table(
      ['Variable', 'Meaning'],
      [
        ['`PELAGOS_STATE`', 'the folder in which fleets keep their state (default: `~/.pelagos`)'],
        ['`PELAGOS_ENVOY`', 'the Envoy to run, unless `--envoy` names one'],
        ['`PELAGOS_DEBUG`', '`1`: errors come with the place in the code'],
        ['`NO_COLOR`', 'set: no colors'],
      ],
    ),
    ...COMMANDS.flatMap(commandSection),
    '',
  ].join('\n');
}

function commandSection(command: CommandSpec): readonly string[] {
  const usage = ['pelagos', command.name, '[options]', ...command.arguments.map((argument) => argument.name)].join(' ');
  return [
    '',
    `## ${command.name}`,
    '',
    command.description,
    '',
    '```sh',
    usage,
    '```',
    ...(command.aliases.length > 0 ? ['', `Short: \`${command.aliases.join('`, `')}\`.`] : []),
    ...(command.arguments.length > 0 ? ['', ...argumentTable(command.arguments)] : []),
    ...(command.options.length > 0 ? ['', ...optionTable(command.options)] : []),
    '',
    '```sh',
    ...command.examples.flatMap((example) => [`# ${example.text}`, example.command]),
    '```',
  ];
}

function argumentTable(list: readonly ArgumentSpec[]): readonly string[] {
  return table(
    ['Argument', 'Meaning'],
    list.map(({ name, text }) => [`\`${name}\``, text]),
  );
}

function optionTable(options: readonly OptionSpec[]): readonly string[] {
  return table(
    ['Option', 'Meaning'],
    options.map((option) => [`\`${option.flags}\``, `${option.text}${extra(option)}`]),
  );
}

function extra(option: OptionSpec): string {
  const choices =
    option.value.kind === 'choice' ? ` (${option.value.choices.map((choice) => `\`${choice}\``).join(', ')})` : '';
  return `${choices}${option.default === undefined ? '' : `; default: \`${option.default}\``}`;
}

/** A Markdown table; bars in cells are escaped. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)];
}
