/** Lets only so many starts be in flight at once: more would only make every one of them slower on a small machine. */
export class StartGate {
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs it when it is its turn, in the order of asking. */
  async run<T>(start: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
    try {
      return await start();
    } finally {
      const next = this.#waiting.shift();
      // Its place is handed on.
      if (next) next();
      else this.#running--;
    }
  }
}
