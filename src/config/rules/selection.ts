import type { Report } from '../object-report.ts';
import { formatPath, type Path } from '../schema/path.ts';
import type { LabelSelector, Labels, PolicySelection, PolicyTargetReference } from '../selection/type.ts';
import { problem } from '../subject.ts';
import { checkLabel } from '../values/labels.ts';

/** What policies can be attached to, by group (Istio: validatePolicyTargetReference). */
const TARGETS: readonly { readonly group: string; readonly kind: string }[] = [
  { group: '', kind: 'Service' },
  { group: 'core', kind: 'Service' },
  { group: 'networking.istio.io', kind: 'ServiceEntry' },
  { group: 'gateway.networking.k8s.io', kind: 'Gateway' },
  { group: 'gateway.networking.k8s.io', kind: 'GatewayClass' },
];

/** The rules of `selector`, `targetRef` and `targetRefs`, which many kinds share. */
export function checkSelection(spec: PolicySelection, report: Report): void {
  const given = [spec.selector, spec.targetRef, spec.targetRefs?.length ? spec.targetRefs : undefined];
  if (given.filter((way) => way !== undefined).length > 1) {
    problem(report, 'PEL3004', ['spec'], 'only one of selector, targetRef and targetRefs can be given');
  }
  if (spec.selector) checkSelectorLabels(spec.selector.matchLabels ?? {}, ['spec', 'selector', 'matchLabels'], report);
  if (spec.targetRef) checkTarget(spec.targetRef, ['spec', 'targetRef'], report);
  spec.targetRefs?.forEach((target, index) => {
    checkTarget(target, ['spec', 'targetRefs', index], report);
  });
}

/** Labels that select workloads: no wildcards, no empty keys; none at all select everything, which is rarely meant. */
export function checkSelectorLabels(labels: Labels, path: Path, report: Report): void {
  for (const [key, value] of Object.entries(labels)) {
    if (key === '') problem(report, 'PEL3007', path, `the label of the value "${value}" has no key`);
    if (key.includes('*') || value.includes('*')) {
      problem(report, 'PEL3007', [...path, key], `"${key}: ${value}" has a wildcard, but labels are compared exactly`);
    }
  }
  if (Object.keys(labels).length === 0) {
    problem(
      report,
      'PEL3017',
      path.slice(0, -1),
      'the selector has no labels, so it selects all workloads of the namespace',
    );
  }
}

/** The `workloadSelector` of networking objects. */
export function checkWorkloadSelector(selector: LabelSelector | undefined, report: Report): void {
  if (selector) checkSelectorLabels(selector.labels ?? {}, ['spec', 'workloadSelector', 'labels'], report);
}

/** Labels that something has or is matched by: keys and values as Kubernetes allows them. */
export function checkLabels(labels: Labels | undefined, path: Path, report: Report): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    const wrong = checkLabel(key, value);
    if (wrong) problem(report, 'PEL3007', [...path, key], wrong);
  }
}

function checkTarget(target: PolicyTargetReference, path: Path, report: Report): void {
  if (target.name === '') problem(report, 'PEL3019', path, 'the name is missing');
  if (target.namespace) {
    problem(report, 'PEL3019', [...path, 'namespace'], 'it cannot name a namespace: policies reach only their own');
  }
  const group = target.group ?? '';
  if (!TARGETS.some((allowed) => allowed.group === group && allowed.kind === target.kind)) {
    const named = group === '' ? target.kind : `${group}/${target.kind}`;
    problem(report, 'PEL3019', [...path, 'kind'], `policies cannot be attached to ${named} (${formatPath(path)})`);
  }
}
