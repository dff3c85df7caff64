import type { BackOffBounds } from './back-off.ts';

/** The times of one source; they differ in tests only. */
export interface Timing {
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
  /** How often the server is asked whether it is there, and how long it may take to answer that. */
  readonly probeMs: number;
  readonly probeAnswerMs: number;
}

export const TIMING: Timing = {
  backOff: { minMs: 200, maxMs: 30_000 },
  minWatchSeconds: 300,
  maxWatchSeconds: 600,
  silentMs: 90_000,
  answerMs: 30_000,
  absentMs: 10_000,
  probeMs: 10_000,
  probeAnswerMs: 5_000,
};
