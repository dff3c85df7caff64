/** Time as the streams use it; tests give their own. */
export interface StreamClock {
  nowMs(): number;
  /** Runs it once the current turn's work is done. */
  defer(run: () => void): void;
  /** Runs it later. @returns what calls it off. */
  delay(delayMs: number, run: () => void): () => void;
}

/** The machine's clock. A pending delay does not keep the process alive. */
export const SYSTEM_CLOCK: StreamClock = {
  nowMs: () => Date.now(),
  defer: (run) => {
    setImmediate(run);
  },
  delay: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
