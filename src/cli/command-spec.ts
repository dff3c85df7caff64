/** What a command is, as data: the parser, `--help`, shell completion and docs/reference/cli.md are all made from it. */
import type { Terminal } from './output/terminal.ts';

/** How the text of an option is read. */
export type OptionValue =
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  /** `90s`, `2m`, `1h`, or a bare number of seconds; given to the command in milliseconds. */
  | { readonly kind: 'duration' }
  | { readonly kind: 'count' }
  /** May be given several times. */
  | { readonly kind: 'list' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] };

export interface OptionSpec {
  /** As commander writes them: `-o, --output <format>`. */
  readonly flags: string;
  readonly text: string;
  readonly value: OptionValue;
  /** As the user would write it. */
  readonly default?: string;
}

export interface ArgumentSpec {
  /** As commander writes them: `<file>`, `[dir]`, `[command...]`. */
  readonly name: string;
  readonly text: string;
  /** For completion only: other words are taken too. */
  readonly words?: readonly string[];
}

export interface Example {
  readonly command: string;
  readonly text: string;
}

/** A word that stands before the names of several commands: `admin` of `admin log`. */
export interface CommandGroup {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
}

/** The names that the program answers to. */
export type ProgramName = 'pelagos' | 'istioctl';

export interface CommandSpec {
  /** One word, or two where it is a command of a {@link CommandGroup} or of another command: `admin log`. */
  readonly name: string;
  readonly aliases: readonly string[];
  /** One line, for the list of commands. */
  readonly summary: string;
  readonly description: string;
  readonly arguments: readonly ArgumentSpec[];
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  /** What a person at a terminal is told when a second has passed and nothing was written: `asking istiod`. */
  readonly waiting?: string;
  /** The code of the command, loaded only when it is run. */
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

/** @returns the exit code: 0 ok, 1 failure, 2 usage; of `exec`, that of the command it ran. */
export type RunCommand = (call: CommandCall) => Promise<number>;

/** One run of a command. */
export interface CommandCall {
  /** Which name it was called by. */
  readonly program: ProgramName;
  readonly args: readonly string[];
  readonly options: OptionValues;
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly now: () => number;
}

/** Options by their long name in camelCase, the command's own and the global ones. */
export class OptionValues {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  /** The same with other values for some. */
  with(values: Readonly<Record<string, unknown>>): OptionValues {
    return new OptionValues({ ...this.#values, ...values });
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  /** Of an option that takes `true` or `false` and is on unless it says so; `-k=false` is read as `--use-kube=false`. */
  isOff(name: string): boolean {
    return /^=?(?:false|f|0|no)$/i.test(this.text(name) ?? '');
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
}
