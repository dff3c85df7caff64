import { textAt } from '../objects/body.ts';
import type { IstiodAnswer } from './istiod.ts';

/** A cluster of the mesh as one replica of istiod sees it. */
export interface Member {
  readonly name: string;
  /** `namespace/name` of its remote secret; empty for the cluster that the replica is in. */
  readonly secret: string;
  /** `syncing`, `synced`, `stale`, `lost` or `refused`. */
  readonly status: string;
  /** Why it is not synced; empty when it is. */
  readonly error: string;
  /** The replica. */
  readonly istiod: string;
}

/** Reads `/debug/clusters` of all replicas. Sorted by name, then replica. */
export function readMembers(answers: readonly IstiodAnswer[]): readonly Member[] {
  const members = answers.flatMap(({ istiod, value }) =>
    (Array.isArray(value) ? value : []).map((entry: unknown) => ({
      name: textAt(entry, 'cluster'),
      secret: textAt(entry, 'secret'),
      status: textAt(entry, 'state') || 'unknown',
      error: textAt(entry, 'reason'),
      istiod,
    })),
  );
  return members.sort((a, b) => (`${a.name} ${a.istiod}` < `${b.name} ${b.istiod}` ? -1 : 1));
}
