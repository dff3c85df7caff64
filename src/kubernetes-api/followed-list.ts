import type { ApiServer, KubernetesObject } from './api-server.ts';
import type { Listing, ReflectedObjects } from './reflector/reflected-objects.ts';
import { Reflector, type Selectors } from './reflector/reflector.ts';
import { REFLECTOR_TIMING } from './reflector/timing.ts';
import { resourcePath } from './resource-path.ts';

/** Which objects: a kind that every cluster has, narrowed by selectors. */
export interface ListQuery extends Selectors {
  readonly apiVersion: string;
  /** In the plural: `configmaps`. */
  readonly resource: string;
  /** Undefined for all namespaces, and for kinds that have none. */
  readonly namespace?: string | undefined;
}

export interface FollowedListOptions<T> {
  /** Told of all objects whenever there is a change, by `namespace/name` (or `name`); first when all were listed. */
  readonly onChange: (objects: ReadonlyMap<string, T>) => void;
  /** Told once why nothing can be read, be it tried how often; what was read before stands. A lost connection is no news. */
  readonly onFailure?: (reason: string) => void;
  /** Keeps of an object what is needed; all of it unless given. */
  readonly keep?: (object: KubernetesObject) => T;
}

/**
 * A few objects as they are now. For settings, Secrets by name, namespaces: what is told is always everything. For tens of
 * thousands of objects use a source, which tells of changes.
 */
export class FollowedList<T = KubernetesObject> {
  readonly #options: FollowedListOptions<T>;
  readonly #objects: ObjectsByName<T>;
  readonly #reflector: Reflector;
  readonly #first = Promise.withResolvers<void>();
  #isTelling = false;
  #isStopped = false;

  constructor(api: ApiServer, query: ListQuery, options: FollowedListOptions<T>) {
    const { apiVersion, fieldSelector, labelSelector } = query;
    this.#options = options;
    this.#objects = new ObjectsByName(options.keep ?? ((object) => object as unknown as T), () => this.#tell());
    this.#reflector = new Reflector({
      api,
      served: { apiVersion, path: resourcePath(query) },
      selectors: { fieldSelector, labelSelector },
      lists: 'paged',
      objects: this.#objects,
      timing: REFLECTOR_TIMING,
      onState: (state) => {
        if ('error' in state) options.onFailure?.(state.error);
      },
    });
  }

  /** Begins, and resolves when all objects were told once, however long that takes, or at {@link stop}. */
  async start(): Promise<void> {
    this.#reflector.start();
    await this.#first.promise;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#first.resolve();
    await this.#reflector.stop();
  }

  /** Once for all that came in one turn. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    setImmediate(() => {
      this.#isTelling = false;
      if (this.#isStopped) return;
      this.#options.onChange(this.#objects.copy());
      this.#first.resolve();
    });
  }
}

/** Objects by `namespace/name`. What is listed takes the place of all that was known, at the listing's end. */
class ObjectsByName<T> implements ReflectedObjects {
  readonly #keep: (object: KubernetesObject) => T;
  readonly #onChange: () => void;
  #objects = new Map<string, T>();

  constructor(keep: (object: KubernetesObject) => T, onChange: () => void) {
    this.#keep = keep;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#objects.size;
  }

  copy(): ReadonlyMap<string, T> {
    return new Map(this.#objects);
  }

  set(object: KubernetesObject): void {
    this.#objects.set(keyOf(object), this.#keep(object));
    this.#onChange();
  }

  delete(object: KubernetesObject): void {
    this.#objects.delete(keyOf(object));
    this.#onChange();
  }

  listing(): Listing {
    const found = new Map<string, T>();
    return {
      set: (object) => found.set(keyOf(object), this.#keep(object)),
      delete: (object) => found.delete(keyOf(object)),
      end: () => {
        this.#objects = found;
        this.#onChange();
      },
    };
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
}
