/** How long to wait before a process that ended is started again. */
export interface BackOff {
  /** The second restart in a row waits this long; each further one twice as long as the one before. */
  readonly initialMs: number;
  readonly maxMs: number;
  /** A process that ran this long counts as well: the next end is the first again. */
  readonly resetAfterMs: number;
}

/** Kubernetes waits 10 s to 5 min; on one's own machine nobody wants to wait that long. */
export const DEFAULT_BACK_OFF: BackOff = { initialMs: 1_000, maxMs: 30_000, resetAfterMs: 60_000 };

/** The first restart comes nearly at once, as in Kubernetes: most ends are single events. */
const FIRST_DELAY_MS = 100;

/** @param endsInARow how often it has ended since it last ran well; 1 for the first end. */
export function delayAfter(backOff: BackOff, endsInARow: number): number {
  if (endsInARow <= 1) return Math.min(FIRST_DELAY_MS, backOff.maxMs);
  return Math.min(backOff.maxMs, backOff.initialMs * 2 ** Math.min(endsInARow - 2, 30));
}
