import type { Logger } from 'pino';
import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';

/** client-go's defaults for controllers (k8s.io/client-go/tools/leaderelection). */
const TIMES: LeaseTimes = { leaseMs: 15_000, renewWithinMs: 10_000, retryMs: 2_000 };
const JITTER = 1.2;

export interface LeaseTimes {
  /** How long others wait after the last renewal that they have seen. */
  readonly leaseMs: number;
  /** So long without a renewal, the leader gives up: before others may begin. */
  readonly renewWithinMs: number;
  readonly retryMs: number;
}

export interface LeaderElectionOptions {
  readonly namespace: string;
  /** Of the Lease. */
  readonly name: string;
  /** Who we are, among all who want to lead: the pod's name. */
  readonly identity: string;
  readonly onElected: () => void;
  /** Told at once when the time is up, even where the API server does not answer. */
  readonly onLost: () => void;
  readonly log: Logger;
  readonly times?: LeaseTimes;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

/**
 * One leader among replicas, by a Lease (coordination.k8s.io/v1). What others write as time is never compared with the own
 * clock: a lease has run out when it was not seen to change for its duration. As with client-go, a leader that was stopped
 * for long may act for a moment beside the next one, so what it does must bear that.
 */
export class LeaderElection {
  readonly #api: ApiServer;
  readonly #options: LeaderElectionOptions;
  readonly #times: LeaseTimes;
  #observed: { readonly version: string; readonly atMs: number } | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;
  #leading = false;
  /** Does the lease say that it is ours, as far as we know? */
  #holds = false;
  #stopped = false;
  #next: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(api: ApiServer, options: LeaderElectionOptions) {
    this.#api = api;
    this.#options = options;
    this.#times = options.times ?? TIMES;
  }

  /** False too where the lease has run out and nobody could be told yet: the process was stopped. */
  get isLeader(): boolean {
    return this.#leading && performance.now() - this.#renewedAtMs < this.#times.leaseMs;
  }

  start(): void {
    this.#try();
  }

  /** Gives the lease back, so that another leads at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#next);
    await this.#running;
    this.#lose();
    if (!this.#holds) return;
    try {
      const lease = await this.#get();
      if (specOf(lease).holderIdentity !== this.#options.identity) return;
      await this.#put(lease, { ...specOf(lease), holderIdentity: '', leaseDurationSeconds: 1 });
    } catch (error) {
      this.#options.log.warn({ reason: String(error) }, 'the lease could not be given back; it runs out by itself');
    }
  }

  #try(): void {
    this.#running = this.#tryOnce().finally(() => {
      if (this.#stopped) return;
      const { retryMs } = this.#times;
      const waitMs = this.#leading ? retryMs : retryMs * (1 + Math.random() * (JITTER - 1) * 2);
      this.#next = setTimeout(() => this.#try(), waitMs).unref();
    });
  }

  async #tryOnce(): Promise<void> {
    const { log, name } = this.#options;
    // Taken before the question: from then on the lease may be counted by others.
    const beganMs = performance.now();
    try {
      const held = await this.#acquire();
      this.#holds = held;
      if (this.#stopped) return;
      if (held) this.#renewed(beganMs);
      else if (this.#leading) this.#lose();
    } catch (error) {
      // A conflict means that another one was quicker.
      if (error instanceof ApiError && (error.status === 409 || error.reason === 'AlreadyExists')) return;
      log.warn(
        { lease: name, reason: error instanceof Error ? error.message : String(error) },
        'the lease cannot be read or written',
      );
    }
  }

  /** @returns whether we hold it now. */
  async #acquire(): Promise<boolean> {
    const { identity, namespace, name } = this.#options;
    const time = microTime();
    const mine = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.max(1, Math.ceil(this.#times.leaseMs / 1000)),
      renewTime: time,
    };
    let lease: KubernetesObject;
    try {
      lease = await this.#get();
    } catch (error) {
      if (!isNotFound(error)) throw error;
      const spec = { ...mine, acquireTime: time, leaseTransitions: 0 };
      const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace }, spec };
      await this.#api.send('POST', leasePath(namespace), body, { timeoutMs: this.#times.renewWithinMs / 2 });
      return true;
    }
    const spec = specOf(lease);
    const isOurs = spec.holderIdentity === identity;
    if (!isOurs && spec.holderIdentity && !this.#hasRunOut(lease)) return false;
    await this.#put(lease, {
      ...mine,
      acquireTime: isOurs ? (spec.acquireTime ?? time) : time,
      leaseTransitions: (spec.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
    });
    return true;
  }

  #hasRunOut(lease: KubernetesObject): boolean {
    const version = JSON.stringify(lease['spec']);
    const nowMs = performance.now();
    if (this.#observed?.version !== version) this.#observed = { version, atMs: nowMs };
    const durationMs = (specOf(lease).leaseDurationSeconds ?? 0) * 1000 || this.#times.leaseMs;
    return nowMs - this.#observed.atMs >= durationMs;
  }

  #renewed(atMs: number): void {
    this.#renewedAtMs = atMs;
    clearTimeout(this.#deadline);
    const leftMs = atMs + this.#times.renewWithinMs - performance.now();
    this.#deadline = setTimeout(() => this.#lose(), Math.max(0, leftMs)).unref();
    if (this.#leading) return;
    this.#leading = true;
    this.#options.log.info({ lease: this.#options.name }, 'this replica leads');
    this.#options.onElected();
  }

  #lose(): void {
    clearTimeout(this.#deadline);
    if (!this.#leading) return;
    this.#leading = false;
    this.#options.log.info({ lease: this.#options.name }, 'this replica leads no more');
    this.#options.onLost();
  }

  #get(): Promise<KubernetesObject> {
    const { namespace, name } = this.#options;
    return this.#api.get(leasePath(namespace, name), { timeoutMs: this.#times.renewWithinMs / 2 });
  }

  /** The version that was read goes with it: somebody else's change in between is a conflict. */
  async #put(lease: KubernetesObject, spec: LeaseSpec): Promise<void> {
    const { namespace, name } = this.#options;
    const body = { ...lease, spec };
    await this.#api.send('PUT', leasePath(namespace, name), body, { timeoutMs: this.#times.renewWithinMs / 2 });
  }
}

function leasePath(namespace: string, name?: string): string {
  return resourcePath({ apiVersion: 'coordination.k8s.io/v1', resource: 'leases', namespace, name });
}

function specOf(lease: KubernetesObject): LeaseSpec {
  return (lease['spec'] ?? {}) as LeaseSpec;
}

/** Kubernetes' MicroTime has six digits after the second. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
