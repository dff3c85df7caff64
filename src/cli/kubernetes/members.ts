import { at, listAt, textAt } from '../objects/body.ts';
import type { IstiodAnswer } from './istiod.ts';

/** A cluster of the mesh as one replica of istiod sees it. */
export interface Member {
  readonly name: string;
  /** `namespace/name` of its remote secret; empty for the cluster that istiod runs in. */
  readonly secret: string;
  /** `synced`, `syncing`, `stale`, … */
  readonly status: string;
  /** Why it is not synced; empty when it is. */
  readonly error: string;
  /** The replica. */
  readonly istiod: string;
}

/** Reads `/debug/clusters` of all replicas: a list, or an object with one. Sorted by name, then replica. */
export function readMembers(answers: readonly IstiodAnswer[]): readonly Member[] {
  const members = answers.flatMap(({ istiod, value }) =>
    (Array.isArray(value) ? value : listAt(value, 'clusters')).map((entry: unknown) => readMember(entry, istiod)),
  );
  return members.sort((a, b) => (`${a.name} ${a.istiod}` < `${b.name} ${b.istiod}` ? -1 : 1));
}

function readMember(entry: unknown, istiod: string): Member {
  const first = (...fields: readonly string[]): string =>
    fields.map((field) => textAt(entry, field)).find((text) => text !== '') ?? '';
  // A state is a word, or a union by `kind` with its reason.
  const state = at(entry, 'state');
  return {
    name: first('id', 'name', 'cluster'),
    secret: first('secretName', 'secret'),
    status: first('syncStatus', 'status', 'state') || textAt(state, 'kind') || 'unknown',
    error: first('error') || textAt(state, 'error') || textAt(state, 'reason'),
    istiod,
  };
}
