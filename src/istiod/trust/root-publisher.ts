import type { Logger } from 'pino';
import { ApiError, type ApiServer, FollowedList, isNotFound, resourcePath } from '../../kubernetes-api/index.ts';
import {
  formatTokenSecret,
  formatTrustSecret,
  ROOTS_FILE,
  SYSTEM_NAMESPACES,
  TOKEN_FILE,
} from '../../proxies/index.ts';

/** What pods mount to know whom to believe (Istio's name). */
export const ROOTS_CONFIG_MAP = 'istio-ca-root-cert';
export const ROOTS_KEY = 'root-cert.pem';

const FIELD_MANAGER = 'pelagos';
/** A cluster with a thousand namespaces is written in some seconds, and its API server has time for others. */
const WRITES_AT_ONCE = 4;
const RETRY_MS = 5_000;

export interface RootPublisherOptions {
  /** PEM of each root that the proxies of this cluster are to believe their control plane by. */
  readonly roots: () => readonly string[];
  readonly log: Logger;
}

/** Keeps the roots of the control plane in every namespace of a cluster that it serves. One leader does so at a time. */
export class RootPublisher {
  readonly #api: ApiServer;
  readonly #options: RootPublisherOptions;
  readonly #namespaces: FollowedList<'active' | 'ending'>;
  readonly #published: FollowedList<string>;
  #wanted: ReadonlySet<string> | undefined;
  #present: ReadonlyMap<string, string> | undefined;
  readonly #queue = new Set<string>();
  readonly #writing = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(api: ApiServer, options: RootPublisherOptions) {
    this.#api = api;
    this.#options = options;
    const onFailure = (reason: string): void => this.#warn(reason);
    this.#namespaces = new FollowedList(
      api,
      { apiVersion: 'v1', resource: 'namespaces' },
      {
        keep: (object) => (object.metadata.deletionTimestamp === undefined ? 'active' : 'ending'),
        onChange: (objects) => {
          this.#wanted = new Set(
            [...objects].flatMap(([name, state]) =>
              state === 'active' && !SYSTEM_NAMESPACES.includes(name) ? [name] : [],
            ),
          );
          this.#review();
        },
        onFailure,
      },
    );
    this.#published = new FollowedList(
      api,
      { apiVersion: 'v1', resource: 'configmaps', fieldSelector: `metadata.name=${ROOTS_CONFIG_MAP}` },
      {
        keep: (object) => fingerprint(object['data']),
        onChange: (objects) => {
          this.#present = new Map([...objects].map(([key, data]) => [key.split('/')[0] ?? '', data]));
          this.#review();
        },
        onFailure,
      },
    );
  }

  /** Begins; does not wait for the cluster. */
  start(): void {
    void this.#namespaces.start();
    void this.#published.start();
  }

  /** The roots are others now. */
  refresh(): void {
    this.#review();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#queue.clear();
    await Promise.all([this.#namespaces.stop(), this.#published.stop()]);
  }

  /** Only where it differs is it written. */
  #review(): void {
    if (!this.#wanted || !this.#present || this.#stopped) return;
    const data = this.#data();
    // Without a root proxies would believe nobody: better the roots from before.
    if (!data[ROOTS_KEY]) return;
    const want = fingerprint(data);
    for (const namespace of this.#wanted) {
      if (this.#present.get(namespace) !== want) this.#queue.add(namespace);
    }
    this.#work();
  }

  #work(): void {
    for (const namespace of this.#queue) {
      if (this.#writing.size >= WRITES_AT_ONCE) return;
      if (this.#writing.has(namespace)) continue;
      this.#queue.delete(namespace);
      this.#writing.add(namespace);
      void this.#write(namespace).finally(() => {
        this.#writing.delete(namespace);
        if (!this.#stopped) this.#work();
      });
    }
  }

  async #write(namespace: string): Promise<void> {
    const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace, name: ROOTS_CONFIG_MAP });
    const body = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: ROOTS_CONFIG_MAP, namespace, labels: { 'istio.io/config': 'true' } },
      data: this.#data(),
    };
    try {
      await this.#api.send('PATCH', path, body, {
        query: { fieldManager: FIELD_MANAGER, force: true },
        contentType: 'application/apply-patch+yaml',
      });
    } catch (error) {
      // A namespace that goes takes nothing new; the list says so a moment later.
      if (isNotFound(error) || !(error instanceof ApiError)) return;
      this.#warn(error.message, namespace);
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        this.#review();
      }, RETRY_MS).unref();
    }
  }

  #data(): Readonly<Record<string, string>> {
    return {
      [ROOTS_KEY]: this.#options.roots().join(''),
      'token-secret.json': formatTokenSecret(TOKEN_FILE),
      'trust-secret.json': formatTrustSecret(ROOTS_FILE),
    };
  }

  #warn(reason: string, namespace?: string): void {
    this.#options.log.warn({ namespace, reason }, `the ConfigMap ${ROOTS_CONFIG_MAP} cannot be kept up`);
  }
}

/** Of what is published, in one order; other keys are not ours. */
function fingerprint(data: unknown): string {
  const values = typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>) : {};
  return JSON.stringify([ROOTS_KEY, 'token-secret.json', 'trust-secret.json'].map((key) => values[key]));
}
