/** How long to wait after failures, in milliseconds. */
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = 60_000;

export interface RepeatedTaskOptions {
  /** Never runs twice at once. Its requests are to end with the signal: the end of the task waits for it. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** From the end of a run to the next, in milliseconds. */
  readonly everyMs: number;
  readonly onFailure: (error: unknown) => void;
}

/** Does something now and again until it is stopped; after failures more and more seldom, and never at the same time as others. */
export class RepeatedTask {
  readonly #options: RepeatedTaskOptions;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;

  constructor(options: RepeatedTaskOptions) {
    this.#options = options;
    this.#done = this.#loop();
  }

  /** Resolves when no run is under way any more. */
  async stop(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  async #loop(): Promise<void> {
    const { signal } = this.#end;
    const { run, everyMs, onFailure } = this.#options;
    let delayMs = 0;
    while (!signal.aborted) {
      try {
        await run(signal);
        delayMs = 0;
      } catch (error) {
        if (signal.aborted) return;
        onFailure(error);
        delayMs = Math.min(Math.max(delayMs * 2, FIRST_DELAY_MS), MAX_DELAY_MS);
      }
      await pause(Math.max(everyMs, delayMs * (0.8 + Math.random() * 0.4)), signal);
    }
  }
}

/** Ends early where the signal says so. */
async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, timeMs);
    signal.addEventListener('abort', done);
  });
}
