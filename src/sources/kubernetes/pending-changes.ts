import { formatObjectRef, type ObjectRef, type RawObject } from '../../model/index.ts';
import type { SourceBatch, SourceSink } from '../config-source.ts';

/** So many objects are handed on in one turn of the event loop; then others have their turn. */
const MAX_PER_TURN = 256;
/** From here on, whoever has more to tell waits for {@link PendingChanges.room}. */
const FULL = 4_096;

type Change =
  | { readonly kind: 'set'; readonly object: RawObject }
  | { readonly kind: 'deleted'; readonly ref: ObjectRef };

/**
 * Changes on their way to the sink. Of each object only the newest is kept, so what waits never grows beyond the number of
 * objects; a burst is handed on in portions. Before {@link open} all is held back, to be one batch.
 */
export class PendingChanges {
  readonly #sink: SourceSink;
  readonly #changes = new Map<string, Change>();
  #scheduled: NodeJS.Immediate | undefined;
  #isOpen = false;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(sink: SourceSink) {
    this.#sink = sink;
  }

  set(object: RawObject): void {
    this.#put(object.ref, { kind: 'set', object });
  }

  delete(ref: ObjectRef): void {
    this.#put(ref, { kind: 'deleted', ref });
  }

  /** Hands on all that has come so far as one batch, be it empty, and from then on what comes. */
  open(): void {
    if (this.#isOpen || this.#isClosed) return;
    this.#isOpen = true;
    this.#hand(this.#changes.size);
  }

  /** Nothing is handed on any more. */
  close(): void {
    this.#isClosed = true;
    clearImmediate(this.#scheduled);
    this.#changes.clear();
    this.#release();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    if (!this.#isOpen || this.#isClosed || this.#changes.size < FULL) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #put(ref: ObjectRef, change: Change): void {
    if (this.#isClosed) return;
    this.#changes.set(formatObjectRef(ref), change);
    if (this.#isOpen) this.#schedule();
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#hand(MAX_PER_TURN);
      if (this.#changes.size > 0) this.#schedule();
      if (this.#changes.size < FULL) this.#release();
    });
  }

  #hand(count: number): void {
    const set: RawObject[] = [];
    const deleted: ObjectRef[] = [];
    for (const [key, change] of this.#changes) {
      if (set.length + deleted.length >= count) break;
      this.#changes.delete(key);
      if (change.kind === 'set') set.push(change.object);
      else deleted.push(change.ref);
    }
    const batch: SourceBatch = { set, deleted, diagnostics: [] };
    this.#sink.apply(batch);
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
