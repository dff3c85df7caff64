import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Diagnostic } from '../../diagnostics/index.ts';
import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import { formatObjectRef, type RawObject } from '../../model/index.ts';
import { type IstioStatus, nextStatus, type Verdict, verdictOf } from './object-status.ts';

/** Istio's groups; objects of Kubernetes itself have a status of their own. */
const GROUP = /^(networking|security|telemetry|extensions)\.istio\.io\//;
/** Changes come in bursts, and analysis looks at everything. */
const SETTLE_MS = 1_000;
const MIN_INTERVAL_MS = 5_000;
/** At most twenty writes a second. */
const PAUSE_MS = 50;
const RETRY_MS = 15_000;
const MERGE_PATCH = 'application/merge-patch+json';

export interface StatusWriterOptions {
  /** The own cluster's objects as they were read, the broken ones too. */
  readonly objects: () => readonly RawObject[];
  /** All that is to be said of them. */
  readonly diagnostics: () => readonly Diagnostic[];
  /** Tells when objects changed, or what proxies say. @returns the way to stop that. */
  readonly onChange: (listener: () => void) => () => void;
  readonly now: () => number;
  readonly log: Logger;
  /** How soon after a change it is written, and how soon after that the next; in milliseconds. */
  readonly times?: { readonly settleMs: number; readonly minIntervalMs: number };
}

/**
 * Writes into each object of Istio's API what became of it: accepted, refused and why, refused by which proxy. Only the
 * leader does so. A status changes no generation, so what is written here never starts the circle again.
 */
export class StatusWriter {
  readonly #api: ApiServer;
  readonly #options: StatusWriterOptions;
  /** What is known to be written, by object. */
  readonly #written = new Map<string, string>();
  readonly #end = new AbortController();
  #stopListening: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #ranAtMs = Number.NEGATIVE_INFINITY;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(api: ApiServer, options: StatusWriterOptions) {
    this.#api = api;
    this.#options = options;
  }

  start(): void {
    this.#stopListening = this.#options.onChange(() => this.#notify());
    this.#notify();
  }

  async stop(): Promise<void> {
    this.#stopListening();
    this.#end.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #notify(): void {
    if (this.#end.signal.aborted || this.#timer) return;
    if (this.#running) {
      this.#again = true;
      return;
    }
    const { settleMs, minIntervalMs } = this.#options.times ?? { settleMs: SETTLE_MS, minIntervalMs: MIN_INTERVAL_MS };
    this.#arm(Math.max(settleMs, this.#ranAtMs + minIntervalMs - performance.now()));
  }

  #arm(waitMs: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run()
        .catch((error: unknown) => this.#options.log.error({ err: error }, 'statuses cannot be computed'))
        .finally(() => {
          this.#running = undefined;
          if (this.#again) this.#notify();
          this.#again = false;
        });
    }, waitMs).unref();
  }

  async #run(): Promise<void> {
    this.#ranAtMs = performance.now();
    const { objects, diagnostics } = this.#options;
    const said = new Map<string, Diagnostic[]>();
    for (const diagnostic of diagnostics()) {
      if (!diagnostic.object) continue;
      const key = formatObjectRef(diagnostic.object);
      said.set(key, [...(said.get(key) ?? []), diagnostic]);
    }
    const present = new Set<string>();
    for (const object of objects()) {
      if (!GROUP.test(object.apiVersion)) continue;
      if (this.#end.signal.aborted) return;
      const key = formatObjectRef(object.ref);
      present.add(key);
      const verdict = verdictOf(said.get(key) ?? []);
      const want = JSON.stringify([generationOf(object.body), verdict]);
      if (this.#written.get(key) === want) continue;
      if (await this.#write(object, verdict)) this.#written.set(key, want);
    }
    for (const key of this.#written.keys()) if (!present.has(key)) this.#written.delete(key);
  }

  /** @returns whether the object says so now. */
  async #write(object: RawObject, verdict: Verdict): Promise<boolean> {
    const { log, now } = this.#options;
    const path = pathOf(object);
    try {
      const current = await this.#api.get(path, { signal: this.#end.signal });
      const generation = generationOf(current);
      // It has changed since: what is to be said of that version comes with it.
      if (generation !== generationOf(object.body)) return false;
      const status = nextStatus((current['status'] ?? {}) as IstioStatus, verdict, { generation, nowMs: now() });
      if (!status) return true;
      await this.#api.send(
        'PATCH',
        `${path}/status`,
        { metadata: { resourceVersion: current.metadata.resourceVersion }, status },
        { query: { fieldManager: 'pelagos' }, contentType: MERGE_PATCH, signal: this.#end.signal },
      );
      await delay(PAUSE_MS, undefined, { signal: this.#end.signal }).catch(() => {});
      return true;
    } catch (error) {
      if (this.#end.signal.aborted || isNotFound(error)) return false;
      if (!(error instanceof ApiError)) throw error;
      if (error.reason !== 'Conflict')
        log.warn(
          { object: formatObjectRef(object.ref), reason: error.message },
          'the status of an object cannot be written',
        );
      this.#retryLater();
      return false;
    }
  }

  #retryLater(): void {
    setTimeout(() => this.#notify(), RETRY_MS).unref();
  }
}

function pathOf({ apiVersion, ref }: RawObject): string {
  return resourcePath({ apiVersion, resource: pluralOf(ref.kind), namespace: ref.namespace, name: ref.name });
}

/** As Istio's CustomResourceDefinitions name them: `serviceentries`, `gateways`, `telemetries`. */
function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}

/** Kubernetes counts the changes of a spec from 1. */
function generationOf(object: KubernetesObject | RawObject['body']): number {
  const metadata = object['metadata'] as { readonly generation?: number } | undefined;
  return metadata?.generation ?? 0;
}
