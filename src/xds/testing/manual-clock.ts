import type { StreamClock } from '../stream-clock.ts';

/** Time that stands still until a test moves it. */
export class ManualClock implements StreamClock {
  #nowMs = 1_000;
  #deferred: (() => void)[] = [];
  readonly #delayed = new Set<{ readonly atMs: number; readonly run: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  defer(run: () => void): void {
    this.#deferred.push(run);
  }

  delay(delayMs: number, run: () => void): () => void {
    const entry = { atMs: this.#nowMs + delayMs, run };
    this.#delayed.add(entry);
    return () => {
      this.#delayed.delete(entry);
    };
  }

  /** Ends the turn: what was put off runs, and what that puts off. */
  turn(): void {
    while (this.#deferred.length > 0) {
      const deferred = this.#deferred;
      this.#deferred = [];
      for (const run of deferred) run();
    }
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const entry of [...this.#delayed]) {
      if (entry.atMs > this.#nowMs) continue;
      this.#delayed.delete(entry);
      entry.run();
    }
    this.turn();
  }
}
