import { diagnose } from '../diagnostics/index.ts';
import { ACTIVE_FILTER, type ActiveWork, activeWork } from './active-work.ts';
import { AdminClient, type Readiness } from './admin-client.ts';
import { lastWords } from './last-words.ts';
import type { LaunchedProcess, ProcessStatus } from './process-launcher.ts';
import type { ProxySpec, RunningProxy, RunningProxyStatus } from './proxy-runtime.ts';

/** Envoy is up within a second or two; after that it is asked less and less often. */
const FIRST_POLL_MS = 25;
const SLOWEST_POLL_MS = 500;
/** An Envoy that is ready is asked now and then whether it still answers. */
const HEALTH_POLL_MS = 5_000;
const HEALTH_TIMEOUT_MS = 4_000;
const DRAIN_POLL_MS = 50;
const NO_WORK: ActiveWork = { requests: 0, connections: 0 };

/** One Envoy on this machine: its process, and what its admin interface says of it. */
export class EnvoyProcess implements RunningProxy {
  readonly name: string;
  readonly admin: AdminClient;
  readonly #spec: ProxySpec;
  readonly #process: LaunchedProcess;
  readonly #listeners = new Set<() => void>();
  #readiness: Readiness = 'unreachable';
  #draining = false;
  #stopping = false;
  #pollTimer: NodeJS.Timeout | undefined;
  /** The pid that is being asked; a restart begins anew. */
  #watchedPid: number | undefined;

  constructor(spec: ProxySpec, launched: LaunchedProcess) {
    this.name = spec.name;
    this.admin = new AdminClient(spec.bootstrap.adminSocket);
    this.#spec = spec;
    this.#process = launched;
    launched.onChange(() => this.#processChanged());
    this.#processChanged();
  }

  status(): RunningProxyStatus {
    const process = this.#process.status();
    const { phase, pid, startedAtMs, restarts, lastEnd } = process;
    const shared = {
      startedAtMs,
      restarts,
      ...(pid === undefined ? {} : { pid }),
      ...(lastEnd ? { lastEnd } : {}),
    };
    if (phase === 'stopped' || phase === 'ended') return { ...shared, phase: 'stopped', reason: 'Envoy is stopped' };
    if (phase === 'stopping') return { ...shared, phase: 'draining', reason: 'Envoy is stopping' };
    if (phase === 'waiting') return { ...shared, ...this.#backingOff(process) };
    if (this.#draining) return { ...shared, phase: 'draining', reason: 'Envoy is draining' };
    if (this.#readiness === 'LIVE') return { ...shared, phase: 'ready', reason: '' };
    return { ...shared, phase: 'starting', reason: startingReason(this.#readiness, process) };
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async drain(deadlineMs: number): Promise<ActiveWork> {
    const end = performance.now() + deadlineMs;
    this.#draining = true;
    this.#tell();
    const direction = this.#spec.bootstrap.kind === 'sidecar' ? '&inboundonly' : '';
    await this.admin.post(`/drain_listeners?graceful&skip_exit${direction}`).catch(() => undefined);
    for (;;) {
      const work = await this.#activeWork();
      if ((work.requests === 0 && work.connections === 0) || performance.now() >= end || this.#stopping) return work;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#pollTimer);
    await this.#process.stop();
  }

  /** An Envoy that does not answer has no work that could be waited for. */
  async #activeWork(): Promise<ActiveWork> {
    try {
      return activeWork(await this.admin.stats(ACTIVE_FILTER), this.#spec.bootstrap);
    } catch {
      return NO_WORK;
    }
  }

  #backingOff({
    lastEnd,
    endsInARow,
    nextTryAtMs = Date.now(),
  }: ProcessStatus): Pick<RunningProxyStatus, 'phase' | 'reason' | 'nextTryAtMs' | 'diagnostic'> {
    const reason = lastEnd?.reason ?? 'unknown';
    const about = {
      proxy: this.name,
      reason,
      logFile: this.#spec.logFile,
      log: lastWords(this.#process.logTail(LOG_TAIL_LINES)) || '(it wrote nothing)',
    };
    const delay = Math.round((nextTryAtMs - (lastEnd?.atMs ?? nextTryAtMs)) / 1_000);
    const diagnostic =
      endsInARow > 1 ? diagnose('PEL5003', { ...about, count: endsInARow, delay }) : diagnose('PEL5002', about);
    return { phase: 'backing-off', reason: `Envoy ended: ${reason}`, nextTryAtMs, diagnostic };
  }

  #processChanged(): void {
    const { phase, pid } = this.#process.status();
    if (phase !== 'running' || pid !== this.#watchedPid) {
      clearTimeout(this.#pollTimer);
      this.#readiness = 'unreachable';
      this.#watchedPid = phase === 'running' ? pid : undefined;
      if (this.#watchedPid !== undefined) void this.#poll(this.#watchedPid, FIRST_POLL_MS);
    }
    this.#tell();
  }

  async #poll(pid: number, delayMs: number): Promise<void> {
    const readiness = await this.admin.readiness(HEALTH_TIMEOUT_MS);
    if (this.#watchedPid !== pid || this.#stopping) return;
    if (readiness !== this.#readiness) {
      this.#readiness = readiness;
      this.#tell();
    }
    const isUp = readiness === 'LIVE' || readiness === 'DRAINING';
    const nextDelayMs = isUp ? FIRST_POLL_MS : Math.min(SLOWEST_POLL_MS, delayMs * 1.2);
    this.#pollTimer = setTimeout(() => void this.#poll(pid, nextDelayMs), isUp ? HEALTH_POLL_MS : delayMs);
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** A crash writes about thirty lines of addresses after the one that says what happened. */
const LOG_TAIL_LINES = 60;
const REASONS: Readonly<Record<Readiness, string>> = {
  LIVE: '',
  DRAINING: 'Envoy is draining',
  PRE_INITIALIZING: 'Envoy waits for its clusters',
  INITIALIZING: 'Envoy waits for its listeners',
  unreachable: 'Envoy does not answer yet',
};

/** Between two ends it is starting, too: that it ended before must not be lost. */
function startingReason(readiness: Readiness, { lastEnd, endsInARow }: ProcessStatus): string {
  const again = lastEnd && endsInARow > 0 ? ` (it ended before: ${lastEnd.reason})` : '';
  return `${REASONS[readiness]}${again}`;
}
