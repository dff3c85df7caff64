import type { Resource } from '../../model/index.ts';
import type { ResourceFeed, Subscription } from '../resource-feed.ts';

interface Watch {
  readonly type: string;
  /** undefined: all names of the type. */
  readonly name: string | undefined;
  readonly notify: () => void;
}

/** Resources in memory, the same for every proxy: the feed that tests of streams run on. */
export class MemoryMesh {
  readonly #resources = new Map<string, Map<string, Resource>>();
  readonly #wild = new Map<string, Set<string>>();
  readonly #watches = new Set<Watch>();

  /** Live queries that are open now: none may be left when every stream is closed. */
  get openQueries(): number {
    return this.#watches.size;
  }

  /** Puts a resource; `wild` when a wildcard stands for it. */
  put(resource: Resource, wild = false): void {
    this.#of(resource.type).set(resource.name, resource);
    if (wild) this.#wildOf(resource.type).add(resource.name);
    this.#changed(resource.type, resource.name, wild);
  }

  remove(type: string, name: string): void {
    this.#of(type).delete(name);
    const wild = this.#wildOf(type).delete(name);
    this.#changed(type, name, wild);
  }

  get(type: string, name: string): Resource | undefined {
    return this.#of(type).get(name);
  }

  wildNames(type: string): readonly string[] {
    return [...this.#wildOf(type)].sort();
  }

  /** A feed on this mesh. Proxies with a share key share the last good versions. */
  feed(shareKey?: string): ResourceFeed {
    return {
      watchNames: (type, onChange) =>
        this.#watch(
          { type, name: undefined, notify: () => onChange(this.wildNames(type)) },
          { read: () => this.wildNames(type) },
        ),
      watch: (type, name, onChange) =>
        this.#watch({ type, name, notify: () => onChange(this.get(type, name)) }, { read: () => this.get(type, name) }),
      shareKey: () => shareKey,
      close: () => undefined,
    };
  }

  #watch<T>(watch: Watch, value: { read(): T }): Subscription<T> {
    this.#watches.add(watch);
    return {
      get current(): T {
        return value.read();
      },
      stop: () => {
        this.#watches.delete(watch);
      },
    };
  }

  #changed(type: string, name: string, wild: boolean): void {
    for (const watch of [...this.#watches]) {
      if (watch.type !== type) continue;
      if (watch.name === undefined ? wild : watch.name === name) watch.notify();
    }
  }

  #of(type: string): Map<string, Resource> {
    const known = this.#resources.get(type) ?? new Map<string, Resource>();
    this.#resources.set(type, known);
    return known;
  }

  #wildOf(type: string): Set<string> {
    const known = this.#wild.get(type) ?? new Set<string>();
    this.#wild.set(type, known);
    return known;
  }
}
