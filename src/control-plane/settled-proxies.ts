import type { StreamStatus } from '../xds/index.ts';

/** Who waits for all connected proxies to have taken what they were sent. */
export class SettledProxies {
  readonly #status: () => readonly StreamStatus[];
  readonly #waiting = new Set<() => void>();
  #nextLook: NodeJS.Immediate | undefined;

  constructor(status: () => readonly StreamStatus[]) {
    this.#status = status;
  }

  /** Resolves when nothing is on its way any more, or at the deadline. @param deadlineMs from now. */
  async wait(deadlineMs: number): Promise<void> {
    // One turn of the event loop lets the streams hand on what has just changed.
    await new Promise((resolve) => setImmediate(resolve));
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (!this.#status().some(({ types }) => Object.values(types).some(({ state }) => state === 'STALE'))) resolve();
    };
    const timer = setTimeout(resolve, deadlineMs);
    this.#waiting.add(look);
    look();
    await promise;
    clearTimeout(timer);
    this.#waiting.delete(look);
  }

  /** Answers come in bursts, and to look costs a walk over all streams: once per turn of the event loop is enough. */
  progressed(): void {
    if (this.#waiting.size === 0) return;
    this.#nextLook ??= setImmediate(() => {
      this.#nextLook = undefined;
      for (const look of this.#waiting) look();
    });
  }
}
