import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import type { MeshFacts } from './mesh-facts.ts';

/** What came of a check. */
export type Verdict =
  | { readonly kind: 'ok' /** What was seen, in a few words; may be empty. */; readonly seen: string }
  /** The mesh works, and somebody should look at this. */
  | { readonly kind: 'warning'; readonly problem: string }
  | { readonly kind: 'failure'; readonly problem: string }
  /** It does not apply here, or could not be looked at. */
  | { readonly kind: 'skipped'; readonly why: string };

/** In the order in which one thing needs the other. */
export const CHECK_GROUPS = [
  'kubernetes-api',
  'kubernetes-version',
  'permissions',
  'crds',
  'control-plane',
  'webhooks',
  'certificates',
  'gateways',
  'proxies',
  'remote-clusters',
  'clocks',
  'dns',
] as const;
export type CheckGroup = (typeof CHECK_GROUPS)[number];

/** One thing that is looked at; docs/reference/checks.md is made of these. */
export interface Check {
  /** A name in URLs: `istiod-ready`. */
  readonly id: string;
  readonly group: CheckGroup;
  /** What holds where it is ok: "istiod's pods are ready". */
  readonly text: string;
  /** Why it matters. */
  readonly why: string;
  /** What to do where it does not hold. */
  readonly remedy: string;
  /** `pre`: before an installation; `post`: after one. */
  readonly when: 'pre' | 'post' | 'both';
  /** Nothing after it can be looked at where it fails. */
  readonly isFatal?: true;
  readonly run: (context: CheckContext) => Promise<Verdict>;
}

export interface CheckContext {
  readonly cluster: KubernetesCluster;
  readonly facts: MeshFacts;
  readonly now: () => number;
}

export function ok(seen = ''): Verdict {
  return { kind: 'ok', seen };
}

export function warning(problem: string): Verdict {
  return { kind: 'warning', problem };
}

export function failure(problem: string): Verdict {
  return { kind: 'failure', problem };
}

export function skipped(why: string): Verdict {
  return { kind: 'skipped', why };
}

const MAX_NAMED = 5;

/** `a, b, c and 4 more`. */
export function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED).join(', ');
  return names.length > MAX_NAMED ? `${shown} and ${names.length - MAX_NAMED} more` : shown;
}
