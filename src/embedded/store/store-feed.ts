import { formatObjectRef, type ObjectRef, type RawObject } from '../../model/index.ts';
import type { ConfigSource, SourceSink } from '../../sources/index.ts';

interface Change {
  readonly ref: ObjectRef;
  readonly isDeleted: boolean;
  readonly set: readonly RawObject[];
}

/** Tells changes to sinks and listeners, all changes of one turn of the event loop together and in one batch. */
export class StoreFeed {
  readonly #all: () => readonly RawObject[];
  readonly #sinks = new Set<SourceSink>();
  readonly #listeners = new Set<() => void>();
  #changes = new Map<string, Change>();
  #isScheduled = false;

  constructor(all: () => readonly RawObject[]) {
    this.#all = all;
  }

  changed(raw: RawObject): void {
    const key = formatObjectRef(raw.ref);
    const before = this.#changes.get(key);
    const others = before?.set.filter((other) => other.apiVersion !== raw.apiVersion) ?? [];
    this.#changes.set(key, { ref: raw.ref, isDeleted: before?.isDeleted ?? false, set: [...others, raw] });
    this.touch();
  }

  /** @param survivors objects of other API groups with the same kind and name: they must be given again. */
  deleted(ref: ObjectRef, survivors: readonly RawObject[]): void {
    this.#changes.set(formatObjectRef(ref), { ref, isDeleted: true, set: survivors });
    this.touch();
  }

  /** Something changed that is no object: listeners are told, sinks are not. */
  touch(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#flush());
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  source(): ConfigSource {
    let sink: SourceSink | undefined;
    return {
      start: async (given) => {
        // What waits to be told is in the listing already; to be told it twice does no harm.
        sink = given;
        given.apply({ set: this.#all(), deleted: [], diagnostics: [] });
        this.#sinks.add(given);
      },
      stop: async () => {
        if (sink) this.#sinks.delete(sink);
        sink = undefined;
      },
    };
  }

  #flush(): void {
    this.#isScheduled = false;
    const changes = [...this.#changes.values()];
    this.#changes = new Map();
    if (changes.length > 0) {
      const set = changes.flatMap((change) => change.set);
      const deleted = changes.filter(({ isDeleted }) => isDeleted).map(({ ref }) => ref);
      // What went and came back is two batches, so that no reader can take the deletion for the last word.
      const isReplaced = changes.some((change) => change.isDeleted && change.set.length > 0);
      for (const sink of this.#sinks) {
        if (isReplaced) sink.apply({ set: [], deleted, diagnostics: [] });
        sink.apply({ set, deleted: isReplaced ? [] : deleted, diagnostics: [] });
      }
    }
    for (const listener of this.#listeners) listener();
  }
}
