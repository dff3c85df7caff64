import type { Outcome, Path } from './trail.ts';
import type { Walk } from './walk.ts';

/** Ways with the same end, taken together. */
export interface WeightedOutcome {
  readonly probability: number;
  readonly outcome: Outcome;
}

/** What a call comes to: paths that end at the same application with the same answer are one. */
export function outcomesOf(walk: Walk): readonly WeightedOutcome[] {
  const merged = new Map<string, WeightedOutcome>();
  for (const { probability, outcome } of walk.paths) {
    const key = keyOf(outcome);
    const before = merged.get(key);
    merged.set(key, { probability: probability + (before?.probability ?? 0), outcome });
  }
  return [...merged.values()].sort((a, b) => b.probability - a.probability);
}

function keyOf({ app, status, failure, request, headers }: Outcome): string {
  return JSON.stringify([app?.address, app?.port, status, failure?.kind, failure?.message, request, headers]);
}

/** The share (0 to 1) of each value of a field of the applications; calls that reach none count as `''`. */
export function sharesBy(walk: Walk, fieldOf: (outcome: Outcome) => string | undefined): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const { probability, outcome } of walk.paths) {
    const value = fieldOf(outcome) ?? '';
    shares.set(value, (shares.get(value) ?? 0) + probability);
  }
  return shares;
}

/** The Envoy clusters that the proxy where a walk starts sends to, with their shares. */
export function firstClusters(walk: Walk): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (const path of walk.paths) {
    const name = firstCluster(path);
    if (name !== undefined) shares.set(name, (shares.get(name) ?? 0) + path.probability);
  }
  return shares;
}

function firstCluster(path: Path): string | undefined {
  return path.hops.find((hop) => hop.kind === 'cluster')?.name;
}
