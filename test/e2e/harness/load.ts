import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer } from './answer.ts';
import { eventually } from './eventually.ts';

/** Calls that were begun may take the caller's own time limit (30 s). */
const STOP_DEADLINE_MS = 40_000;

/** A caller that runs in the background until it is stopped; its answers are there as they come. */
export class Load {
  readonly answers: Answer[] = [];
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  #errors = '';

  constructor(
    command: string,
    args: readonly string[],
    options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  ) {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.answers.push(JSON.parse(line) as Answer));
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      this.#errors += part;
    });
    const closed = new Promise<void>((resolve) => {
      lines.once('close', resolve);
      child.stdout.once('close', resolve);
    });
    const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
    this.#ended = Promise.all([closed, exited]).then(() => undefined);
  }

  /** The next so many answers, from now on. */
  async next(count: number): Promise<readonly Answer[]> {
    const from = this.answers.length;
    await eventually(`${count} more answers`, () => {
      if (this.#child.exitCode !== null) throw new Error(`the caller ended: ${this.#errors}`);
      return this.answers.length >= from + count;
    });
    return this.answers.slice(from, from + count);
  }

  /** Lets calls that were begun end. May be called again. @returns every answer. */
  async stop(): Promise<readonly Answer[]> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.endNow(), STOP_DEADLINE_MS);
    await this.#ended;
    clearTimeout(timer);
    return this.answers;
  }

  /** Without waiting. What the command has started ends at its next answer, which nobody takes any more. */
  endNow(): void {
    this.#child.kill('SIGKILL');
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}
