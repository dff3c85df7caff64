/** Who runs processes for this stage: it starts Envoys, and leaves to others how processes are kept and ended. */
export interface ProcessLauncher {
  start(spec: LaunchSpec): LaunchedProcess;
}

/** A process that is started again whenever it ends, until it is stopped. */
export interface LaunchSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  readonly maxLogBytes?: number;
  readonly restart: 'always';
  readonly stopGraceMs?: number;
}

export interface LaunchedProcess {
  status(): LaunchedStatus;
  onChange(listener: () => void): () => void;
  /** The last lines of its log. */
  logTail(maxLines?: number): string;
  stop(): Promise<void>;
}

export interface LaunchedStatus {
  readonly phase: 'running' | 'waiting' | 'ended' | 'stopping' | 'stopped';
  readonly pid?: number;
  readonly startedAtMs: number;
  readonly restarts: number;
  readonly lastEnd?: { readonly atMs: number; readonly reason: string };
  readonly nextTryAtMs?: number;
}
