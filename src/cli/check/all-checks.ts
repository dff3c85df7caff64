import { CHECK_GROUPS, type Check } from './check.ts';
import { CLUSTER_CHECKS } from './cluster-checks.ts';
import { CONTROL_PLANE_CHECKS } from './control-plane-checks.ts';
import { DATA_PLANE_CHECKS } from './data-plane-checks.ts';
import { SURROUNDINGS_CHECKS } from './surroundings-checks.ts';

/** Every check, in the order of the groups. */
export const CHECKS: readonly Check[] = CHECK_GROUPS.flatMap((group) =>
  [...CLUSTER_CHECKS, ...CONTROL_PLANE_CHECKS, ...DATA_PLANE_CHECKS, ...SURROUNDINGS_CHECKS].filter(
    (check) => check.group === group,
  ),
);

/** Those before an installation, or after one. */
export function checksFor(when: 'pre' | 'post'): readonly Check[] {
  return CHECKS.filter((check) => check.when === when || check.when === 'both');
}
