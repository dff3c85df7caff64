import type { Resource } from '../model/index.ts';
import type { ResourceFeed } from './resource-feed.ts';
import type { XdsType } from './xds-type.ts';

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

/** The last good versions that one proxy may get and give, of one type. Secrets are never among them. */
export class SharedVersions {
  readonly #type: XdsType;
  readonly #feed: ResourceFeed;
  readonly #lastGood: LastGood;

  constructor(type: XdsType, feed: ResourceFeed, lastGood: LastGood) {
    this.#type = type;
    this.#feed = feed;
    this.#lastGood = lastGood;
  }

  /** This proxy has taken this version. */
  record(name: string, resource: Resource): void {
    const shareKey = this.#shareKey(name);
    if (shareKey !== undefined) this.#lastGood.record(shareKey, resource);
  }

  find(name: string): Resource | undefined {
    const shareKey = this.#shareKey(name);
    return shareKey === undefined ? undefined : this.#lastGood.find(shareKey, this.#type.url, name);
  }

  #shareKey(name: string): string | undefined {
    return this.#type.secret ? undefined : this.#feed.shareKey?.(this.#type.url, name);
  }
}
