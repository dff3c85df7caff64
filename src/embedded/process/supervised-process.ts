import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, closeSync } from 'node:fs';
import type { ProcessEnd, ProcessStatus } from '../../proxies/index.ts';
import { type BackOff, DEFAULT_BACK_OFF, delayAfter } from './back-off.ts';
import { endGroup, signalGroup } from './end-processes.ts';
import { openLog, tailOfLog } from './log-file.ts';
import { withParentDeathSignal } from './parent-death.ts';
import { formatProcessEnd, type ProcessSpec } from './process-spec.ts';

/** What a {@link SupervisedProcess} tells its group. */
export interface ProcessOwner {
  /** The environment's mark. */
  readonly mark: Readonly<Record<string, string>>;
  /** Called right after a start, before the process is anything to anyone. */
  started(pid: number, name: string): void;
  /** Called when nothing of the process's group runs any more. */
  gone(pid: number): void;
}

const DEFAULT_STOP_GRACE_MS = 5_000;

/** One process with all it starts (its process group), started again when it ends. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly #owner: ProcessOwner;
  readonly #backOff: BackOff;
  readonly #listeners = new Set<() => void>();
  #status: ProcessStatus;
  #restartTimer: NodeJS.Timeout | undefined;
  /** Resolves when the current process and what it left in its group are gone. */
  #cleaned: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | undefined;

  constructor(spec: ProcessSpec, owner: ProcessOwner) {
    this.spec = spec;
    this.#owner = owner;
    this.#backOff = spec.backOff ?? DEFAULT_BACK_OFF;
    this.#status = { phase: 'running', startedAtMs: Date.now(), restarts: 0, endsInARow: 0 };
    this.#run();
  }

  status(): ProcessStatus {
    return this.#status;
  }

  /** Calls the listener after every change of the status. @returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The last lines that it wrote. */
  logTail(maxLines = 5): string {
    return tailOfLog(this.spec.logFile, maxLines);
  }

  /** SIGTERM, then SIGKILL after the grace, to the whole group. Resolves when nothing of it runs. */
  stop(graceMs: number = this.spec.stopGraceMs ?? DEFAULT_STOP_GRACE_MS): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  /** SIGKILL at once, also in the middle of {@link stop}. */
  kill(): Promise<void> {
    const { pid } = this.#status;
    if (pid !== undefined) signalGroup(pid, 'SIGKILL');
    return this.stop(0);
  }

  async #stop(graceMs: number): Promise<void> {
    clearTimeout(this.#restartTimer);
    const { pid } = this.#status;
    if (pid !== undefined) {
      this.#update({ ...this.#status, phase: 'stopping' });
      await endGroup(pid, graceMs);
    }
    await this.#cleaned;
    const { pid: _pid, nextTryAtMs: _nextTryAtMs, ...rest } = this.#status;
    this.#update({ ...rest, phase: 'stopped' });
  }

  #run(): void {
    const { spec } = this;
    let child: ChildProcess;
    try {
      const log = openLog(spec.logFile);
      try {
        const { command, args } = withParentDeathSignal(spec.command, spec.args);
        child = spawn(command, args, {
          cwd: spec.cwd,
          env: { ...spec.env, ...this.#owner.mark },
          detached: true,
          stdio: ['ignore', log, log],
        });
      } finally {
        closeSync(log);
      }
    } catch (error) {
      // On a later turn, so that whoever started it has put its listeners in place.
      setImmediate(() => this.#ended(notStarted(error)));
      return;
    }
    const { pid } = child;
    if (pid !== undefined) {
      this.#owner.started(pid, spec.name);
      this.#update({ ...this.#status, phase: 'running', pid, startedAtMs: Date.now() });
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#cleaned = promise;
    child.once('error', (error) => {
      if (pid !== undefined) return;
      this.#ended(notStarted(error));
      resolve();
    });
    child.once('exit', (exitCode, signal) => {
      // What the process started would hold its ports against the next run.
      const cleaned = pid === undefined ? undefined : this.#clean(pid);
      this.#ended({ atMs: Date.now(), exitCode, signal, reason: formatProcessEnd(exitCode, signal) });
      if (cleaned) cleaned.then(resolve);
      else resolve();
    });
  }

  #ended(end: ProcessEnd): void {
    const { pid: _pid, nextTryAtMs: _nextTryAtMs, ...rest } = this.#status;
    if (this.#stopped) {
      this.#status = { ...rest, lastEnd: end };
      return;
    }
    const again = this.spec.restart === 'always' || (this.spec.restart === 'on-failure' && end.exitCode !== 0);
    if (!again) {
      this.#update({ ...rest, phase: 'ended', lastEnd: end });
      return;
    }
    const ranMs = end.atMs - this.#status.startedAtMs;
    const endsInARow = ranMs >= this.#backOff.resetAfterMs ? 1 : rest.endsInARow + 1;
    const delayMs = delayAfter(this.#backOff, endsInARow);
    this.#note(`${end.reason}; it is started again in ${delayMs} ms`);
    this.#update({ ...rest, phase: 'waiting', endsInARow, lastEnd: end, nextTryAtMs: end.atMs + delayMs });
    this.#restartTimer = setTimeout(() => this.#again(), delayMs);
  }

  async #again(): Promise<void> {
    await this.#cleaned;
    if (this.#stopped) return;
    const { nextTryAtMs: _nextTryAtMs, ...rest } = this.#status;
    this.#status = { ...rest, restarts: rest.restarts + 1 };
    this.#run();
  }

  async #clean(pid: number): Promise<void> {
    await endGroup(pid, this.#stopped ? (this.spec.stopGraceMs ?? DEFAULT_STOP_GRACE_MS) : 0);
    this.#owner.gone(pid);
  }

  #note(text: string): void {
    try {
      appendFileSync(this.spec.logFile, `[pelagos] ${this.spec.name} ended (${text})\n`);
    } catch {
      // A full disk must not stop the supervision.
    }
  }

  #update(status: ProcessStatus): void {
    this.#status = status;
    for (const listener of [...this.#listeners]) listener();
  }
}

function notStarted(error: unknown): ProcessEnd {
  const why = error instanceof Error ? error.message : String(error);
  return { atMs: Date.now(), exitCode: null, signal: null, reason: `not started: ${why}` };
}
