import { REFLECTOR_TIMING, type ReflectorTiming } from '../../kubernetes-api/index.ts';

/** The times of one source; they differ in tests only. */
export interface Timing extends ReflectorTiming {
  /** How often the server is asked whether it is there, and how long it may take to answer that. */
  readonly probeMs: number;
  readonly probeAnswerMs: number;
}

export const TIMING: Timing = { ...REFLECTOR_TIMING, probeMs: 10_000, probeAnswerMs: 5_000 };
