import type { Resource } from '../model/index.ts';
import type { Nack } from './resource-feed.ts';

/** The proxy's words are kept up to this length: a refusal of a large response can be long. */
const MAX_MESSAGE_LENGTH = 4096;

/** Who is told of refusals and of their end. */
export interface RefusalListener {
  readonly onNack: (nack: Nack) => void;
  readonly onRecovered: (nack: Nack) => void;
}

export interface Refusal {
  readonly version: string;
  readonly nack: Nack;
  /** The last version that others took was refused too. */
  readonly fallbackRefused: boolean;
}

/** What one proxy refuses of one type: a version of a name, until the name changes. */
export class Refusals {
  readonly #proxy: string;
  readonly #listener: RefusalListener;
  readonly #byName = new Map<string, Refusal>();

  constructor(proxy: string, listener: RefusalListener) {
    this.#proxy = proxy;
    this.#listener = listener;
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The oldest refusal that still stands. */
  get first(): Nack | undefined {
    for (const refusal of this.#byName.values()) return refusal.nack;
    return undefined;
  }

  find(name: string): Refusal | undefined {
    return this.#byName.get(name);
  }

  refuse(name: string, resource: Resource, message: string): void {
    const nack: Nack = {
      proxy: this.#proxy,
      type: resource.type,
      resource: name,
      message: message.slice(0, MAX_MESSAGE_LENGTH),
      origins: resource.origin,
    };
    this.#byName.set(name, { version: resource.version, nack, fallbackRefused: false });
    this.#listener.onNack(nack);
  }

  refuseFallback(name: string): void {
    const refusal = this.#byName.get(name);
    if (refusal) this.#byName.set(name, { ...refusal, fallbackRefused: true });
  }

  recover(name: string): void {
    const refusal = this.#byName.get(name);
    if (!refusal) return;
    this.#byName.delete(name);
    this.#listener.onRecovered(refusal.nack);
  }

  /** The proxy went away: it refuses nothing any more. */
  clear(): void {
    for (const name of [...this.#byName.keys()]) this.recover(name);
  }
}
