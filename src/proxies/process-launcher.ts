/** Who runs processes for this stage: it starts Envoys, and leaves to others how processes are kept and ended. */
export interface ProcessLauncher {
  start(spec: LaunchSpec): LaunchedProcess;
}

/** A process that is started again whenever it ends, until it is stopped. */
export interface LaunchSpec {
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
  readonly restart: 'always';
  /** Between SIGTERM and SIGKILL; 5 s unless set. */
  readonly stopGraceMs?: number;
}

export interface LaunchedProcess {
  status(): ProcessStatus;
  /** Calls the listener after every change of the status. @returns how to end that. */
  onChange(listener: () => void): () => void;
  /** The last lines of its log. */
  logTail(maxLines?: number): string;
  /** Resolves when nothing of it runs. */
  stop(): Promise<void>;
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
  /** How often it has ended since it last ran well. */
  readonly endsInARow: number;
  readonly lastEnd?: ProcessEnd;
  readonly nextTryAtMs?: number;
}
