import type { Tick } from './batch.ts';

/** When a name that waits to be sent has changed. */
export interface Pending {
  /** The earliest change that is not sent yet: what refers to the name waits for it. 0: none, a request alone. */
  readonly first: Tick;
  /** The latest change: the name waits for what it refers to as of then. 0: it is asked for, and waits for nothing. */
  readonly last: Tick;
}

/** Something that was asked for, not changed. */
export const ANSWER: Pending = { first: 0, last: 0 };

/** The names of one type that wait to be sent, in the order of their earliest change. */
export class PendingChanges {
  readonly #names = new Map<string, Pending>();
  readonly #brought = new Set<string>();
  readonly #isSettling: () => boolean;

  /** @param isSettling while true, names that were brought wait. */
  constructor(isSettling: () => boolean) {
    this.#isSettling = isSettling;
  }

  get size(): number {
    return this.#names.size;
  }

  changed(name: string, tick: Tick): void {
    const known = this.#names.get(name);
    if (!known) this.#names.set(name, { first: tick, last: tick });
    else if (known.first > 0) this.#names.set(name, { first: known.first, last: known.last === 0 ? 0 : tick });
    else {
      this.#names.delete(name);
      this.#names.set(name, { first: tick, last: 0 });
    }
  }

  /** The proxy holds it from an earlier stream. */
  brought(name: string): void {
    this.asked(name);
    this.#brought.add(name);
  }

  asked(name: string): void {
    this.#brought.delete(name);
    const known = this.#names.get(name);
    this.#names.set(name, known ? { first: known.first, last: 0 } : ANSWER);
  }

  delete(name: string): void {
    this.#names.delete(name);
    this.#brought.delete(name);
  }

  /** Those that need not wait. Names may be deleted while this goes on. */
  *entries(): Iterable<readonly [string, Pending]> {
    for (const entry of this.#names) if (!this.#waits(entry[0])) yield entry;
  }

  /** Those with a change in this batch or before. */
  *upTo(tick: Tick): Iterable<string> {
    for (const [name, { first }] of this.#names) {
      if (first > tick) return;
      if (first > 0 && !this.#waits(name)) yield name;
    }
  }

  #waits(name: string): boolean {
    return this.#brought.has(name) && this.#isSettling();
  }
}
