/** Bounds of a wait, in milliseconds. */
export interface BackOffBounds {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait after so many failures in a row: doubling from the least to the most, of which a random part between half
 * and all, so that many who failed together do not come again together.
 * @param failures from 1. @param chance in [0, 1).
 * @param atLeastMs what the server asked for (Retry-After); it is never cut short.
 */
export function backOffMs(
  bounds: BackOffBounds,
  of: { readonly failures: number; readonly chance: number; readonly atLeastMs?: number | undefined },
): number {
  const whole = Math.min(bounds.minMs * 2 ** Math.min(of.failures - 1, 30), bounds.maxMs);
  return Math.max(whole * (0.5 + of.chance / 2), of.atLeastMs ?? 0);
}

/** A wait that can be ended before its time. */
export class Nap {
  #end: (() => void) | undefined;

  /** Resolves after the time, or when somebody calls {@link wake}. */
  async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#end = undefined;
  }

  wake(): void {
    this.#end?.();
  }
}
