import { isDeepStrictEqual } from 'node:util';
import { ApiError } from '../api-error.ts';
import type { ApiServer, KubernetesList, KubernetesObject } from '../api-server.ts';
import { backOffMs, Nap } from './back-off.ts';
import type { ReflectedObjects } from './reflected-objects.ts';
import type { ReflectorTiming } from './timing.ts';
import { watchEvents } from './watch-events.ts';

/** Where a kind is served. */
export interface ServedKind {
  readonly apiVersion: string;
  readonly path: string;
}

/** Which objects of a kind, as the API writes it. */
export interface Selectors {
  readonly fieldSelector?: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** How far what is known of a kind's objects can be relied on. */
export type ReflectorState =
  | { readonly kind: 'syncing'; readonly error?: string }
  | { readonly kind: 'synced'; readonly problem?: string }
  /** The cluster has not such a kind. */
  | { readonly kind: 'absent' }
  /** We may not read it. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'stale'; readonly error: string };

export interface ReflectorOptions {
  readonly api: ApiServer;
  /** A kind that every server has: 404 is a failure like others. Or how to find one, undefined where the server has it not. */
  readonly served: ServedKind | (() => Promise<ServedKind | undefined>);
  readonly selectors: Selectors;
  /** `streamed`, where the server can: for many objects. A few are read by pages, which every server can. */
  readonly lists: 'streamed' | 'paged';
  readonly objects: ReflectedObjects;
  readonly timing: ReflectorTiming;
  readonly onState: (state: ReflectorState) => void;
}

const PAGE = 500;
/** A server before 1.27 or without the feature WatchList, an aggregated one; 500: on an etcd that cannot tell of progress. */
const STREAMED_LIST_REFUSED: ReadonlySet<number> = new Set([400, 422, 500]);
/** Found to be absent so many times in a row, a kind that had objects is gone. An API server that starts forgets kinds for a moment. */
const ABSENT_TIMES = 3;
/** A server that cannot watch from a version so many times in a row has lost it, as after a restore of its data. */
const LOST_TIMES = 5;
/** A watch that told nothing and ended before it was that old is a failure like an answer that never came. */
const STEADY_MS = 10_000;
/** So many connections in a row may break off without having told anything before it is said that nothing is told. */
const DROPS = 3;

/**
 * Keeps one kind's objects equal to those of an API server, for ever: reads them all, follows the changes, and begins anew
 * where the thread is lost. Never gives up and never rejects.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #nap = new Nap();
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #state: ReflectorState = { kind: 'syncing' };
  /** All up to here is known; undefined: everything has to be read (again). */
  #version: string | undefined;
  #served: ServedKind | undefined;
  #canStreamLists: boolean;
  #failures = 0;
  #absences = 0;
  #losses = 0;
  /** When the last watch was answered; undefined where it was not. */
  #openedMs: number | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#canStreamLists = options.lists === 'streamed';
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#nap.wake();
    await this.#running;
  }

  /** Ends a wait for the next attempt: the server answers again. */
  wake(): void {
    this.#nap.wake();
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      let waitMs: number;
      try {
        waitMs = await this.#attempt();
      } catch (error) {
        waitMs = this.#isStopped ? 0 : this.#failed(error);
      }
      if (waitMs > 0 && !this.#isStopped) await this.#nap.sleep(waitMs);
    }
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /** One list or watch, until it ends. @returns how long to wait before the next one, in milliseconds. */
  async #attempt(): Promise<number> {
    const { served } = this.#options;
    this.#openedMs = undefined;
    this.#served ??= typeof served === 'function' ? await served() : served;
    if (!this.#served) return this.#absent();
    if (this.#version === undefined && !this.#canStreamLists) await this.#list(this.#served);
    await this.#watch(this.#served);
    return this.#wasSteady() ? 0 : this.#wait();
  }

  /** Reads everything page by page. @throws ApiError `Expired` where the list is gone before its end: then it begins anew. */
  async #list({ apiVersion, path }: ServedKind): Promise<void> {
    const { api, objects, selectors } = this.#options;
    const listing = objects.listing();
    let page: KubernetesList | undefined;
    do {
      const query = { ...selectors, limit: PAGE, continue: page?.metadata.continue };
      page = await api.get<KubernetesList>(path, { query, signal: this.#stop.signal });
      for (const object of page.items ?? []) listing.set(object, apiVersion);
      await objects.room?.();
    } while (page.metadata.continue);
    listing.end();
    this.#version = page.metadata.resourceVersion;
    this.#worked();
    this.#live();
  }

  /** Follows changes, after everything where nothing is known yet, until the server ends it. */
  async #watch({ apiVersion, path }: ServedKind): Promise<void> {
    const { api, objects, timing, selectors } = this.#options;
    let listing = this.#version === undefined ? objects.listing() : undefined;
    const query = { ...selectors, ...this.#watchQuery(listing !== undefined) };
    const stream = await api.stream(path, { query, signal: this.#stop.signal, timeoutMs: timing.answerMs });
    this.#openedMs = Date.now();
    if (!listing) this.#live();
    for await (const events of watchEvents(stream, timing.silentMs)) {
      if (this.#isStopped) break;
      for (const event of events) {
        if (event.kind === 'set') (listing ?? objects).set(event.object, apiVersion);
        else if (event.kind === 'deleted') (listing ?? objects).delete(event.object);
        else if (listing && event.endsListing) {
          listing.end();
          listing = undefined;
        }
        if (!listing) this.#version = event.kind === 'bookmark' ? event.version : versionOf(event.object);
      }
      this.#worked();
      if (!listing) this.#live();
      await objects.room?.();
    }
  }

  #watchQuery(everything: boolean): Readonly<Record<string, string | number | boolean | undefined>> {
    const { minWatchSeconds, maxWatchSeconds } = this.#options.timing;
    const timeoutSeconds = Math.round(minWatchSeconds + Math.random() * (maxWatchSeconds - minWatchSeconds));
    const common = { watch: true, allowWatchBookmarks: true, timeoutSeconds };
    return everything
      ? { ...common, sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }
      : { ...common, resourceVersion: this.#version };
  }

  /** @returns how long to wait, in milliseconds. */
  #failed(error: unknown): number {
    const { status, reason, message, retryAfterMs } =
      error instanceof ApiError ? error : new ApiError(String(error), { status: 0, reason: 'Internal', cause: error });
    if (this.#version === undefined && this.#canStreamLists && STREAMED_LIST_REFUSED.has(status)) {
      this.#canStreamLists = false;
      return 0;
    }
    if (status === 404 && typeof this.#options.served === 'function') return this.#absent();
    if (this.#wasSteady()) this.#worked();
    if (status === 410 || reason === 'Expired') this.#version = undefined;
    else if ((status === 500 || status === 504) && ++this.#losses >= LOST_TIMES) this.#version = undefined;
    // Credentials that are not known (401) say nothing of a kind: what was read by others before them stands.
    const isRefused = status === 403;
    const wasSynced = this.#state.kind === 'synced' || this.#state.kind === 'stale';
    // The end of a connection is nothing yet; that there is no new one is, or that none holds.
    const isDrop = this.#openedMs !== undefined && this.#failures < DROPS;
    if (isRefused && !wasSynced) this.#tell({ kind: 'refused', error: message });
    else if (!wasSynced) this.#tell({ kind: 'syncing', error: message });
    else if (!isDrop && status !== 410) this.#tell({ kind: 'stale', error: message });
    return this.#wait(retryAfterMs);
  }

  #wait(atLeastMs?: number): number {
    this.#failures++;
    return backOffMs(this.#options.timing.backOff, { failures: this.#failures, chance: Math.random(), atLeastMs });
  }

  /** The cluster has not such a kind (any more). @returns how long to wait, in milliseconds. */
  #absent(): number {
    const { objects, timing } = this.#options;
    this.#served = undefined;
    this.#version = undefined;
    if (objects.size > 0 && ++this.#absences < ABSENT_TIMES) return this.#wait();
    objects.listing().end();
    this.#absences = 0;
    this.#failures = 0;
    this.#tell({ kind: 'absent' });
    return timing.absentMs;
  }

  /** Something was told, so what failed before is over. */
  #worked(): void {
    this.#failures = 0;
    this.#absences = 0;
    this.#losses = 0;
  }

  /** Did the last watch hold for some time? A quiet kind has nothing to tell. */
  #wasSteady(): boolean {
    return this.#openedMs !== undefined && Date.now() - this.#openedMs > STEADY_MS;
  }

  /** What is known is what the server has. */
  #live(): void {
    const { problem } = this.#options.objects;
    this.#tell({ kind: 'synced', ...(problem === undefined ? {} : { problem }) });
  }

  #tell(state: ReflectorState): void {
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function versionOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.resourceVersion;
}
