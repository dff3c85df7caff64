import type { ReflectorState } from '../../kubernetes-api/index.ts';

/** How far one cluster's objects can be relied on. `sinceMs` is since the epoch. */
export type SourceState =
  /** Not everything was read yet. */
  | {
      readonly kind: 'syncing';
      readonly sinceMs: number;
      readonly error?: string;
      readonly problems: readonly KindProblem[];
    }
  /** What was handed on is what the API server has, but for what is on its way. */
  | { readonly kind: 'synced'; readonly sinceMs: number; readonly problems: readonly KindProblem[] }
  /** Everything was read, but the API server cannot be followed since then. */
  | {
      readonly kind: 'stale';
      readonly sinceMs: number;
      readonly error: string;
      readonly problems: readonly KindProblem[];
    };

/** A kind whose objects are missing, wholly (403) or in part (too many). */
export interface KindProblem {
  readonly kind: string;
  readonly error: string;
}

/**
 * The state of the whole out of that of its kinds. Pure.
 * @param unreachable why the server as a whole does not answer; undefined where it does.
 */
export function sourceState(of: {
  readonly kinds: ReadonlyMap<string, ReflectorState>;
  readonly isComplete: boolean;
  readonly unreachable: string | undefined;
  readonly before: SourceState;
  readonly nowMs: number;
}): SourceState {
  const { kinds, isComplete, unreachable, before, nowMs } = of;
  const states = [...kinds];
  const problems = states.flatMap(([kind, state]) => problemOf(kind, state));
  const errors = states.flatMap(([, state]) =>
    state.kind === 'stale' || state.kind === 'syncing' ? (state.error ?? []) : [],
  );
  const error = unreachable ?? errors[0];
  const kind = !isComplete ? 'syncing' : error === undefined ? 'synced' : 'stale';
  const sinceMs = kind === before.kind ? before.sinceMs : nowMs;
  if (kind === 'stale') return { kind, sinceMs, error: error ?? '', problems };
  return { kind, sinceMs, problems, ...(kind === 'syncing' && error !== undefined ? { error } : {}) };
}

function problemOf(kind: string, state: ReflectorState): readonly KindProblem[] {
  if (state.kind === 'refused') return [{ kind, error: state.error }];
  return state.kind === 'synced' && state.problem !== undefined ? [{ kind, error: state.problem }] : [];
}
