/** What shells give for a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** How a run that goes on until Ctrl-C is told to end. */
export interface StopSignals {
  readonly signal: AbortSignal;
  /** Ends it from inside: the fleet was stopped by `down`, or could not be started. */
  readonly abort: () => void;
  /** Did a signal end it? */
  readonly wasSignalled: () => boolean;
}

/**
 * The first SIGINT, SIGTERM or SIGHUP asks for a clean end. A second one ends this process at once, after `atOnce` has had
 * its one chance to end what it started.
 */
export function listenForStop(atOnce: () => Promise<void>): StopSignals {
  const controller = new AbortController();
  let signals = 0;
  const onSignal = (): void => {
    signals += 1;
    controller.abort();
    if (signals === 2) atOnce().finally(() => process.exit(INTERRUPTED));
    if (signals > 2) process.exit(INTERRUPTED);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return { signal: controller.signal, abort: () => controller.abort(), wasSignalled: () => signals > 0 };
}
