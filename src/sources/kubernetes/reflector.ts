import { isDeepStrictEqual } from 'node:util';
import { ApiError, type ApiServer, type KubernetesList, type KubernetesObject } from '../../kubernetes-api/index.ts';
import { backOffMs, Nap } from './back-off.ts';
import type { Discovery, ServedKind } from './discovery.ts';
import type { ObjectSet } from './object-set.ts';
import type { KindState } from './source-state.ts';
import type { Timing } from './timing.ts';
import { watchEvents } from './watch-events.ts';
import type { WatchedKind } from './watched-kinds.ts';

export interface ReflectorOptions {
  readonly kind: WatchedKind;
  readonly api: ApiServer;
  readonly discovery: Discovery;
  readonly objects: ObjectSet;
  readonly timing: Timing;
  readonly onState: (state: KindState) => void;
  /** Resolves when what was found may be added to. */
  readonly room: () => Promise<void>;
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
  #state: KindState = { kind: 'syncing' };
  /** All up to here is known; undefined: everything has to be read (again). */
  #version: string | undefined;
  #served: ServedKind | undefined;
  #canStreamLists = true;
  #failures = 0;
  #absences = 0;
  #losses = 0;
  /** When the last watch was answered; undefined where it was not. */
  #openedMs: number | undefined;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  get state(): KindState {
    return this.#state;
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
    const { discovery, kind } = this.#options;
    this.#openedMs = undefined;
    this.#served ??= await discovery.find(kind);
    if (!this.#served) return this.#absent();
    if (this.#version === undefined && !this.#canStreamLists) await this.#list(this.#served);
    await this.#watch(this.#served);
    return this.#wasSteady() ? 0 : this.#wait();
  }

  /** Reads everything page by page. @throws ApiError `Expired` where the list is gone before its end: then it begins anew. */
  async #list({ apiVersion, path }: ServedKind): Promise<void> {
    const { api, objects, kind, room } = this.#options;
    const listing = objects.listing();
    let page: KubernetesList | undefined;
    do {
      const query = { limit: PAGE, continue: page?.metadata.continue, fieldSelector: kind.fieldSelector };
      page = await api.get<KubernetesList>(path, { query, signal: this.#stop.signal });
      for (const object of page.items ?? []) listing.set(object, apiVersion);
      await room();
    } while (page.metadata.continue);
    listing.end();
    this.#version = page.metadata.resourceVersion;
    this.#worked();
    this.#live();
  }

  /** Follows changes, after everything where nothing is known yet, until the server ends it. */
  async #watch({ apiVersion, path }: ServedKind): Promise<void> {
    const { api, objects, timing, kind, room } = this.#options;
    let listing = this.#version === undefined ? objects.listing() : undefined;
    const query = { ...this.#watchQuery(listing !== undefined), fieldSelector: kind.fieldSelector };
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
      await room();
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
    if (status === 404) return this.#absent();
    if (this.#wasSteady()) this.#worked();
    if (status === 410 || reason === 'Expired') this.#version = undefined;
    else if ((status === 500 || status === 504) && ++this.#losses >= LOST_TIMES) this.#version = undefined;
    const isRefused = status === 401 || status === 403;
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
    objects.clear();
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
    const { isOver, limit } = this.#options.objects;
    this.#tell({
      kind: 'synced',
      ...(isOver ? { problem: `there are over ${limit} of them; the others are not read` } : {}),
    });
  }

  #tell(state: KindState): void {
    if (isDeepStrictEqual(state, this.#state)) return;
    this.#state = state;
    this.#options.onState(state);
  }
}

function versionOf({ metadata }: KubernetesObject): string | undefined {
  return metadata.resourceVersion;
}
