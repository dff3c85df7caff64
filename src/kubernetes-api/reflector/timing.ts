import type { BackOffBounds } from './back-off.ts';

/** The times of a reflector; they differ in tests only. */
export interface ReflectorTiming {
  readonly backOff: BackOffBounds;
  /** A server ends a watch after a random time between these, so that not all begin anew together. */
  readonly minWatchSeconds: number;
  readonly maxWatchSeconds: number;
  /** How long a watch may say nothing: servers send a bookmark every minute. */
  readonly silentMs: number;
  /** How long the head of an answer may take. */
  readonly answerMs: number;
  /** How often a kind that the cluster has not is looked for. */
  readonly absentMs: number;
}

export const REFLECTOR_TIMING: ReflectorTiming = {
  backOff: { minMs: 200, maxMs: 30_000 },
  minWatchSeconds: 300,
  maxWatchSeconds: 600,
  silentMs: 90_000,
  answerMs: 30_000,
  absentMs: 10_000,
};
