import type { Resource } from '../model/index.ts';

/**
 * The last version of each resource that a proxy took, for proxies that meet a broken one without holding an older:
 * they get what the others run on. Keyed by the feed's share key, so only proxies that see the same get the same.
 * Holds references, not copies; the least recently taken is forgotten first.
 */
export class LastGood {
  readonly #limit: number;
  readonly #resources = new Map<string, Resource>();

  /** @param limit how many resources are remembered at most. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#resources.size;
  }

  /** A proxy has taken this version. */
  record(shareKey: string, resource: Resource): void {
    const key = keyOf(shareKey, resource.type, resource.name);
    if (this.#resources.get(key) === resource) return;
    this.#resources.delete(key);
    this.#resources.set(key, resource);
    if (this.#resources.size <= this.#limit) return;
    for (const oldest of this.#resources.keys()) {
      this.#resources.delete(oldest);
      break;
    }
  }

  find(shareKey: string, type: string, name: string): Resource | undefined {
    return this.#resources.get(keyOf(shareKey, type, name));
  }
}

function keyOf(shareKey: string, type: string, name: string): string {
  return `${type}\n${shareKey}\n${name}`;
}
