import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from './api-error.ts';
import type { ApiServer, KubernetesList, KubernetesObject } from './api-server.ts';

/** Which objects: a kind's path, narrowed by selectors. */
export interface ListQuery {
  /** As `resourcePath` writes it, without a name. */
  readonly path: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
}

export interface FollowedListOptions<T> {
  /** Told of all objects whenever there is a change, by `namespace/name` (or `name`); first when all were listed. */
  readonly onChange: (objects: ReadonlyMap<string, T>) => void;
  /** Told why nothing can be read now; it is tried again, and what was read before stands. */
  readonly onFailure?: (error: ApiError) => void;
  /** Keeps of an object what is needed; all of it unless given. */
  readonly keep?: (object: KubernetesObject) => T;
}

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 30_000;
/** The server ends a watch after a time of its choice from this on, so that not all come back at once. */
const WATCH_SECONDS = 300;
const SHORT_WATCH_MS = 1_000;
/** A server that has not ended the watch by then is gone. */
const GRACE_MS = 30_000;
const PAGE = 500;
/** An object has 3 MiB at most. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/**
 * A few objects as they are now: listed, then watched; listed again after whatever goes wrong. For settings, Secrets by name,
 * namespaces: what is told is always everything. For tens of thousands of objects use a source, which tells of changes.
 */
export class FollowedList<T = KubernetesObject> {
  readonly #api: ApiServer;
  readonly #query: ListQuery;
  readonly #options: FollowedListOptions<T>;
  readonly #end = new AbortController();
  readonly #first = Promise.withResolvers<void>();
  #objects = new Map<string, T>();
  #telling = false;
  #running: Promise<void> | undefined;

  constructor(api: ApiServer, query: ListQuery, options: FollowedListOptions<T>) {
    this.#api = api;
    this.#query = query;
    this.#options = options;
  }

  /** Begins, and resolves when all objects were told once, however long that takes, or at {@link stop}. */
  async start(): Promise<void> {
    this.#running ??= this.#run();
    await this.#first.promise;
  }

  async stop(): Promise<void> {
    this.#end.abort();
    this.#first.resolve();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#end;
    let delayMs = FIRST_DELAY_MS;
    while (!signal.aborted) {
      let version: string | undefined;
      try {
        version = await this.#list();
        delayMs = FIRST_DELAY_MS;
        while (!signal.aborted) {
          const beganMs = performance.now();
          version = await this.#watch(version);
          // A server that ends every watch at once is not asked more often than this.
          if (performance.now() - beganMs < SHORT_WATCH_MS) await delay(SHORT_WATCH_MS, undefined, { signal });
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = error instanceof ApiError ? error : unexpected(error);
        // A version that is too old is every watcher's daily bread.
        if (failure.status !== 410) this.#options.onFailure?.(failure);
        const waitMs = failure.retryAfterMs ?? delayMs * (0.5 + Math.random() / 2);
        await delay(waitMs, undefined, { signal }).catch(() => {});
        delayMs = Math.min(delayMs * 2, MAX_DELAY_MS);
      }
    }
  }

  async #list(): Promise<string> {
    const { path, fieldSelector, labelSelector } = this.#query;
    const found = new Map<string, T>();
    let next: string | undefined;
    let version = '';
    do {
      const list: KubernetesList = await this.#api.get<KubernetesList>(path, {
        query: { fieldSelector, labelSelector, limit: PAGE, continue: next },
        signal: this.#end.signal,
      });
      for (const object of list.items) found.set(keyOf(object), this.#keep(object));
      version = list.metadata.resourceVersion ?? '';
      next = list.metadata.continue || undefined;
    } while (next);
    this.#objects = found;
    this.#tell();
    return version;
  }

  /** @returns the version to go on from, where the server has ended the watch in order. */
  async #watch(from: string): Promise<string> {
    const { path, fieldSelector, labelSelector } = this.#query;
    const timeoutSeconds = Math.ceil(WATCH_SECONDS * (1 + Math.random()));
    const stream = await this.#api.stream(path, {
      query: {
        fieldSelector,
        labelSelector,
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: from,
        timeoutSeconds,
      },
      signal: this.#end.signal,
    });
    const gone = setTimeout(
      () => stream.destroy(new Error('the watch did not end in time')),
      timeoutSeconds * 1000 + GRACE_MS,
    );
    let version = from;
    try {
      for await (const line of linesOf(stream)) version = this.#take(line) ?? version;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError(`the watch of ${path} broke off: ${error instanceof Error ? error.message : String(error)}`, {
        status: 0,
        reason: 'BrokenOff',
        cause: error,
      });
    } finally {
      clearTimeout(gone);
      stream.destroy();
    }
    return version;
  }

  #take(line: string): string | undefined {
    const { type, object } = parseEvent(line);
    if (type === 'ERROR') {
      const { code = 0, reason = '', message = '' } = object as { code?: number; reason?: string; message?: string };
      throw new ApiError(`the watch of ${this.#query.path} ended: ${message}`, { status: code, reason });
    }
    if (type === 'ADDED' || type === 'MODIFIED') this.#objects.set(keyOf(object), this.#keep(object));
    else if (type === 'DELETED') this.#objects.delete(keyOf(object));
    if (type !== 'BOOKMARK') this.#tell();
    return object.metadata?.resourceVersion;
  }

  #keep(object: KubernetesObject): T {
    return this.#options.keep ? this.#options.keep(object) : (object as unknown as T);
  }

  /** Once for all that came in one turn. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    setImmediate(() => {
      this.#telling = false;
      if (this.#end.signal.aborted) return;
      this.#options.onChange(new Map(this.#objects));
      this.#first.resolve();
    });
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}

function unexpected(error: unknown): ApiError {
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(message, { status: 0, reason: 'Unexpected', cause: error });
}

function parseEvent(line: string): { readonly type: string; readonly object: KubernetesObject } {
  try {
    return JSON.parse(line) as { readonly type: string; readonly object: KubernetesObject };
  } catch (error) {
    throw new ApiError('a line of a watch is no JSON', { status: 0, reason: 'InvalidAnswer', cause: error });
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let rest = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_BYTES)
      throw new ApiError(`a line of a watch has over ${MAX_LINE_BYTES} characters`, { status: 0, reason: 'TooLarge' });
    yield* lines.filter((line) => line !== '');
  }
}
