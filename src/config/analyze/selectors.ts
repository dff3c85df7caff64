import type { ConfigObject } from '../config-object.ts';
import type { ObjectIndex } from '../object-store.ts';
import { formatPath, type Path } from '../schema/path.ts';
import type { Labels } from '../selection/type.ts';
import type { FindingList } from './finding-list.ts';

interface Workload {
  readonly namespace: string;
  readonly labels: Labels;
}

const SELECTING = ['AuthorizationPolicy', 'Gateway', 'PeerAuthentication', 'RequestAuthentication', 'Sidecar'] as const;

/** Selectors that select nobody. Says nothing where no workloads are known at all. */
export function analyzeSelectors(objects: ObjectIndex, findings: FindingList): void {
  const workloads = workloadsOf(objects);
  if (workloads.length === 0) return;
  for (const kind of SELECTING) {
    for (const object of objects.ofKind(kind)) {
      const selector = selectorOf(object);
      if (!selector || Object.keys(selector.labels).length === 0) continue;
      // Gateways select in all namespaces, and so do policies of the root namespace, which is not known here.
      const isWide = kind === 'Gateway' || object.ref.namespace === 'istio-system';
      const isFound = workloads.some(
        ({ namespace, labels }) => (isWide || namespace === object.ref.namespace) && matches(selector.labels, labels),
      );
      if (isFound) continue;
      const labels = Object.entries(selector.labels).map(([key, value]) => `${key}=${value}`);
      const parameters = { field: formatPath(selector.path), labels: labels.join(', ') };
      findings.add(object, { code: 'PEL4006', parameters, path: selector.path });
    }
  }
}

function selectorOf(object: ConfigObject): { readonly labels: Labels; readonly path: Path } | undefined {
  switch (object.kind) {
    case 'Gateway':
      return { labels: object.spec.selector ?? {}, path: ['spec', 'selector'] };
    case 'Sidecar':
      return { labels: object.spec.workloadSelector?.labels ?? {}, path: ['spec', 'workloadSelector'] };
    case 'AuthorizationPolicy':
    case 'PeerAuthentication':
    case 'RequestAuthentication':
      return { labels: object.spec.selector?.matchLabels ?? {}, path: ['spec', 'selector'] };
    default:
      return undefined;
  }
}

function workloadsOf(objects: ObjectIndex): Workload[] {
  const templates = (['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'Job'] as const).flatMap((kind) =>
    objects
      .ofKind(kind)
      .map(({ ref, spec }) => ({ namespace: ref.namespace, labels: spec.template.metadata?.labels ?? {} })),
  );
  const pods = objects.ofKind('Pod').map(({ ref, meta }) => ({ namespace: ref.namespace, labels: meta.labels }));
  const entries = objects
    .ofKind('WorkloadEntry')
    .map(({ ref, spec }) => ({ namespace: ref.namespace, labels: spec.labels ?? {} }));
  return [...templates, ...pods, ...entries];
}

function matches(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value);
}
