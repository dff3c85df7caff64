import type { Resource } from '../model/index.ts';
import type { TypeCounters } from './counters.ts';
import type { ResourceFeed, Subscription } from './resource-feed.ts';

/** How many names one stream may ask for by itself, over all types; wildcards are the mesh's own and not counted. */
export class NameBudget {
  #left: number;

  constructor(limit: number) {
    this.#left = limit;
  }

  take(): boolean {
    if (this.#left <= 0) return false;
    this.#left -= 1;
    return true;
  }

  giveBack(): void {
    this.#left += 1;
  }
}

/** Where a proxy's names of one type come from, and whom to tell of changes. */
export interface NameSource {
  readonly url: string;
  readonly feed: ResourceFeed;
  readonly budget: NameBudget;
  /** Longest name that is looked up, in UTF-16 units. */
  readonly maxNameLength: number;
  readonly counters: TypeCounters;
  /** The resource of this name, or whether the name is among the subscribed, may have changed. */
  readonly onChange: (name: string) => void;
}

/**
 * The names of one type that one stream is subscribed to: those it asked for, and those its wildcard stands for.
 * Each has one live query on the feed.
 */
export class SubscribedNames {
  readonly #source: NameSource;
  readonly #asked = new Set<string>();
  readonly #queries = new Map<string, Subscription<Resource | undefined>>();
  #all: Subscription<readonly string[]> | undefined;
  #wild: ReadonlySet<string> = new Set();

  constructor(source: NameSource) {
    this.#source = source;
  }

  /** Is the wildcard subscribed? */
  get wildcard(): boolean {
    return this.#all !== undefined;
  }

  get size(): number {
    return this.#queries.size;
  }

  /** Names that the wildcard stands for now. */
  wildNames(): Iterable<string> {
    return this.#wild;
  }

  /** Every subscribed name once. */
  names(): Iterable<string> {
    return this.#queries.keys();
  }

  askedNames(): Iterable<string> {
    return this.#asked;
  }

  /** Did the proxy name it itself? */
  asked(name: string): boolean {
    return this.#asked.has(name);
  }

  has(name: string): boolean {
    return this.#queries.has(name);
  }

  current(name: string): Resource | undefined {
    return this.#queries.get(name)?.current;
  }

  /** @returns false where the stream has asked for too many names, or the name is too long: nothing is remembered. */
  ask(name: string): boolean {
    if (this.#asked.has(name)) return true;
    if (name.length > this.#source.maxNameLength || !this.#source.budget.take()) return false;
    this.#asked.add(name);
    this.#query(name);
    return true;
  }

  /** @returns whether the name had been asked for. */
  drop(name: string): boolean {
    if (!this.#asked.delete(name)) return false;
    this.#source.budget.giveBack();
    if (!this.#wild.has(name)) this.#stop(name);
    return true;
  }

  askAll(): void {
    if (this.#all) return;
    const { feed, url } = this.#source;
    this.#all = feed.watchNames(url, (names) => this.#setWild(names));
    this.#setWild(this.#all.current);
  }

  dropAll(): void {
    this.#all?.stop();
    this.#all = undefined;
    this.#setWild([]);
  }

  close(): void {
    this.#all?.stop();
    this.#all = undefined;
    for (const name of this.#asked) {
      this.#asked.delete(name);
      this.#source.budget.giveBack();
    }
    for (const name of this.#queries.keys()) this.#stop(name);
  }

  #setWild(names: readonly string[]): void {
    const before = this.#wild;
    this.#wild = new Set(names);
    for (const name of this.#wild) {
      if (before.has(name)) continue;
      this.#query(name);
      this.#source.onChange(name);
    }
    for (const name of before) {
      if (this.#wild.has(name) || this.#asked.has(name)) continue;
      this.#stop(name);
      this.#source.onChange(name);
    }
  }

  #query(name: string): void {
    if (this.#queries.has(name)) return;
    const { feed, url, onChange, counters } = this.#source;
    this.#queries.set(
      name,
      feed.watch(url, name, () => onChange(name)),
    );
    counters.subscriptions += 1;
  }

  #stop(name: string): void {
    const query = this.#queries.get(name);
    if (!query) return;
    this.#queries.delete(name);
    query.stop();
    this.#source.counters.subscriptions -= 1;
  }
}
