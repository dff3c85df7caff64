import { randomUUID } from 'node:crypto';
import { endMarked } from './end-processes.ts';
import { rotateLog } from './log-file.ts';
import { MARK_VARIABLE, removeProcessRecord, writeProcessRecord } from './process-record.ts';
import type { ProcessSpec } from './process-spec.ts';
import { startTimeOf } from './process-table.ts';
import { SupervisedProcess } from './supervised-process.ts';

const LOG_CHECK_MS = 5_000;
const DEFAULT_MAX_LOG_BYTES = 10 * 1024 * 1024;

/**
 * The processes of one fleet. Each is noted in `recordsFolder` as long as it runs, so that `reapLeftovers` can end what
 * a killed owner left; {@link ProcessGroup.stopAll} leaves nothing behind.
 */
export class ProcessGroup {
  readonly #recordsFolder: string;
  readonly #mark = randomUUID();
  readonly #processes = new Set<SupervisedProcess>();
  #logTimer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(recordsFolder: string) {
    this.#recordsFolder = recordsFolder;
  }

  /**
   * Starts a process and keeps it running as its spec says. A command that cannot be started is a process that ended:
   * see its status. @throws Error after {@link stopAll}.
   */
  start(spec: ProcessSpec): SupervisedProcess {
    if (this.#stopping) throw new Error(`${spec.name} is not started: its fleet is stopping.`);
    const supervised = new SupervisedProcess(spec, {
      mark: { [MARK_VARIABLE]: this.#mark },
      started: (pid, name) => this.#record(pid, name),
      gone: (pid) => removeProcessRecord(this.#recordsFolder, pid),
    });
    this.#processes.add(supervised);
    supervised.onChange(() => {
      if (supervised.status().phase === 'stopped') this.#processes.delete(supervised);
    });
    this.#logTimer ??= setInterval(() => this.#rotateLogs(), LOG_CHECK_MS).unref();
    return supervised;
  }

  /** Ends all processes with all that they started. Resolves when none runs. @param graceMs instead of each one's own. */
  async stopAll(graceMs?: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#logTimer);
    await Promise.all([...this.#processes].map((supervised) => supervised.stop(graceMs)));
    if (this.#logTimer) await endMarked(this.#mark);
  }

  /** SIGKILL to all, for who cannot wait; also in the middle of {@link stopAll}. */
  async killAll(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#logTimer);
    await Promise.all([...this.#processes].map((supervised) => supervised.kill()));
    if (this.#logTimer) await endMarked(this.#mark);
  }

  #record(pid: number, name: string): void {
    const startTime = startTimeOf(pid);
    if (startTime === undefined) return;
    try {
      writeProcessRecord(this.#recordsFolder, { pid, startTime, name, mark: this.#mark });
    } catch {
      // A full disk: the process runs and is stopped as any other; only a kill of its owner could leave it behind.
    }
  }

  #rotateLogs(): void {
    for (const { spec } of this.#processes) rotateLog(spec.logFile, spec.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES);
  }
}
