import type { BackOff } from './back-off.ts';

/** A process to run and to keep running. */
export interface ProcessSpec {
  /** For messages and records: `cluster1/default/service-0/app`. */
  readonly name: string;
  /** A path, or a name that is looked for on the PATH of `env`. */
  readonly command: string;
  /** Everybody on the machine can read them: no secrets. */
  readonly args: readonly string[];
  /** The whole environment; nothing is added but a mark that names the group. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Output and errors are appended here. */
  readonly logFile: string;
  /** The log is moved to `<logFile>.1` above this size; 10 MiB unless set. */
  readonly maxLogBytes?: number;
  readonly restart: 'always' | 'on-failure' | 'never';
  readonly backOff?: BackOff;
  /** Between SIGTERM and SIGKILL; 5 s unless set. */
  readonly stopGraceMs?: number;
}

/** How a process ended, last time. */
export interface ProcessEnd {
  readonly atMs: number;
  /** null where a signal ended it, or where it never started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** `exit code 1`, `signal SIGKILL`, `not started: ...`. */
  readonly reason: string;
}

export interface ProcessStatus {
  /**
   * running; waiting: it ended and is started again at `nextTryAtMs`; ended: it ended and stays so (`restart`);
   * stopping and stopped: it was asked to end.
   */
  readonly phase: 'running' | 'waiting' | 'ended' | 'stopping' | 'stopped';
  readonly pid?: number;
  /** Of the current or the last run. */
  readonly startedAtMs: number;
  readonly restarts: number;
  readonly lastEnd?: ProcessEnd;
  readonly nextTryAtMs?: number;
}

export function formatProcessEnd(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `signal ${signal}`;
  if (exitCode === 127) return 'exit code 127: command not found';
  if (exitCode === 126) return 'exit code 126: the command may not be executed';
  return `exit code ${exitCode ?? 'unknown'}`;
}
