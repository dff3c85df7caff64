import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Answer } from './answer.ts';
import { eventually } from './eventually.ts';

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
    const closed = new Promise<void>((resolve) => lines.once('close', () => resolve()));
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

  /** Lets calls that were begun end. @returns every answer. */
  async stop(): Promise<readonly Answer[]> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 60_000);
    await this.#ended;
    clearTimeout(timer);
    return this.answers;
  }
}
