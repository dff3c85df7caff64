import type { Diagnostic } from '../diagnostics/index.ts';
import type { ActiveWork } from './active-work.ts';
import type { AdminClient } from './admin-client.ts';
import type { BootstrapSpec } from './bootstrap.ts';

/** Starts Envoys somewhere. */
export interface ProxyRuntime {
  /** Starts an Envoy and keeps it running. A start that fails shows in the status, and is tried again. */
  start(spec: ProxySpec): RunningProxy;
}

export interface ProxySpec {
  /** For messages and records: `cluster1/default/service-0/istio-proxy`. */
  readonly name: string;
  readonly bootstrap: BootstrapSpec;
  readonly logFile: string;
  /** Envoy's words: trace, debug, info, warning, error, critical, off; `warning` unless set. */
  readonly logLevel?: string;
  readonly maxLogBytes?: number;
}

/** An Envoy that is kept running. */
export interface RunningProxy {
  readonly name: string;
  readonly admin: AdminClient;
  status(): RunningProxyStatus;
  /** Calls the listener after every change of the status. @returns how to end that. */
  onChange(listener: () => void): () => void;
  /**
   * Tells clients to go elsewhere (new connections are still taken) and waits for what is in progress.
   * @returns what was still in progress at the deadline.
   */
  drain(deadlineMs: number): Promise<ActiveWork>;
  /** SIGTERM, then SIGKILL. Resolves when it has ended. */
  stop(): Promise<void>;
}

export interface RunningProxyStatus {
  /**
   * starting: it runs and has not got its configuration yet; ready; draining; backing-off: it ended and is started again
   * at `nextTryAtMs`; stopped.
   */
  readonly phase: 'starting' | 'ready' | 'draining' | 'backing-off' | 'stopped';
  readonly pid?: number;
  readonly startedAtMs: number;
  readonly restarts: number;
  /** Why it is not ready, in words; empty when it is. */
  readonly reason: string;
  /** Why it ended last: `signal SIGKILL`. */
  readonly lastEnd?: { readonly atMs: number; readonly reason: string };
  readonly nextTryAtMs?: number;
  /** What to tell a person, as long as it is so. */
  readonly diagnostic?: Diagnostic;
}
