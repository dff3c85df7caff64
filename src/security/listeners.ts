/** Those who want to know of an event. A listener that throws keeps no other from hearing of it. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();

  get size(): number {
    return this.#listeners.size;
  }

  /** The same function may be added twice and is then called twice. @returns the way to stop; doing so again is nothing. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event) => listener(event);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  clear(): void {
    this.#listeners.clear();
  }

  /** Calls all who listen now, in the order they came. @throws the first error, after everyone was called. */
  tell(event: Event): void {
    callAll([...this.#listeners].map((listener) => () => listener(event)));
  }
}

/** Makes every call, whether or not those before it throw. @throws the first error, after the last call. */
export function callAll(calls: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const call of calls) {
    try {
      call();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
