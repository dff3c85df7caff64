import { closestName, diagnose } from '../../diagnostics/index.ts';
import { isNotFound, type KubernetesList, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { diagnosedError, usageError } from '../cli-error.ts';
import { at, entriesAt, listAt, textAt } from '../objects/body.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

interface Kind {
  readonly apiVersion: string;
  readonly resource: string;
}

const KINDS: readonly (readonly [names: readonly string[], kind: Kind])[] = [
  [['deployment', 'deployments', 'deploy'], { apiVersion: 'apps/v1', resource: 'deployments' }],
  [['statefulset', 'statefulsets', 'sts'], { apiVersion: 'apps/v1', resource: 'statefulsets' }],
  [['daemonset', 'daemonsets', 'ds'], { apiVersion: 'apps/v1', resource: 'daemonsets' }],
  [['replicaset', 'replicasets', 'rs'], { apiVersion: 'apps/v1', resource: 'replicasets' }],
  [['job', 'jobs'], { apiVersion: 'batch/v1', resource: 'jobs' }],
  [['service', 'services', 'svc'], { apiVersion: 'v1', resource: 'services' }],
  [['pod', 'pods', 'po'], { apiVersion: 'v1', resource: 'pods' }],
];

/** What a text names: a pod, or something that has pods. */
export type WorkloadName =
  | { readonly kind: 'pod'; readonly name: string; readonly namespace?: string }
  | { readonly kind: 'owner'; readonly name: string; readonly of: Kind };

/**
 * Reads `deployment/NAME`, `service/NAME` (and kubectl's other kinds and short names), `pod/NAME`, `NAME.NAMESPACE` or `NAME`.
 * @param hasNamespace a namespace was given apart, so that a dot belongs to the name.
 * @throws {CliError} where the kind is none that has pods.
 */
export function parseWorkload(text: string, hasNamespace: boolean): WorkloadName {
  const slash = text.indexOf('/');
  if (slash < 0) {
    const dot = text.lastIndexOf('.');
    if (hasNamespace || dot <= 0 || dot === text.length - 1) return { kind: 'pod', name: text };
    return { kind: 'pod', name: text.slice(0, dot), namespace: text.slice(dot + 1) };
  }
  const word = text.slice(0, slash).toLowerCase().split('.')[0] ?? '';
  const name = text.slice(slash + 1);
  const [, of] = KINDS.find(([names]) => names.includes(word)) ?? [];
  if (!of || name === '' || name.includes('/')) {
    throw usageError(
      `"${text}" names nothing that has pods`,
      'Write `deployment/NAME`, `statefulset/NAME`, `daemonset/NAME`, `job/NAME`, `service/NAME`, `pod/NAME` or POD.NAMESPACE.',
    );
  }
  return of.resource === 'pods' ? { kind: 'pod', name } : { kind: 'owner', name, of };
}

/**
 * The pods that a text means, in kubectl's order, so that `exec deployment/x` and this speak of the same one: ready before
 * running before others, the longest ready first, then the oldest.
 * @throws {CliError} where there is none.
 */
export async function findPods(
  cluster: KubernetesCluster,
  text: string,
  hasNamespace: boolean,
): Promise<readonly KubernetesObject[]> {
  const wanted = parseWorkload(text, hasNamespace);
  if (wanted.kind === 'pod') {
    const pod = await findPod(cluster, wanted);
    if (pod) return [pod];
    throw await missing(cluster, text, { apiVersion: 'v1', resource: 'pods' }, wanted.namespace ?? cluster.namespace);
  }
  const { namespace } = cluster;
  const path = resourcePath({ ...wanted.of, namespace, name: wanted.name });
  const owner = await cluster.api.get(path).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
  if (!owner) throw await missing(cluster, text, wanted.of, namespace);
  const labelSelector = selectorOf(owner);
  const pods = labelSelector === '' ? [] : await listPods(cluster, { namespace, labelSelector });
  if (pods.length > 0) return rankPods(pods);
  const why =
    labelSelector === '' ? `${text} selects no pods.` : `${text} selects pods by ${labelSelector}; there is none.`;
  const { context } = cluster;
  throw diagnosedError(diagnose('PEL7110', { what: `pod of ${text}`, namespace, context, why, suggestion: '' }));
}

async function findPod(
  cluster: KubernetesCluster,
  { name, namespace }: { readonly name: string; readonly namespace?: string },
): Promise<KubernetesObject | undefined> {
  // A pod's own name may have dots, so that it is tried as it is as well.
  const tries = [
    { name, namespace: namespace ?? cluster.namespace },
    ...(namespace === undefined ? [] : [{ name: `${name}.${namespace}`, namespace: cluster.namespace }]),
  ];
  for (const each of tries) {
    try {
      return await cluster.api.get(resourcePath({ apiVersion: 'v1', resource: 'pods', ...each }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return undefined;
}

export async function listPods(
  { api }: KubernetesCluster,
  { namespace, labelSelector }: { readonly namespace?: string | undefined; readonly labelSelector?: string },
): Promise<readonly KubernetesObject[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'pods', namespace });
  const { items } = await api.get<KubernetesList>(path, { query: { labelSelector } });
  return items;
}

/** The label selector of a workload or Service, as the API takes it; empty where it has none. */
export function selectorOf(object: unknown): string {
  const labels = at(object, 'spec', 'selector', 'matchLabels') ?? at(object, 'spec', 'selector');
  const equal = entriesAt(labels).flatMap(([key, value]) => (typeof value === 'string' ? [`${key}=${value}`] : []));
  const expressions = listAt(object, 'spec', 'selector', 'matchExpressions').map((expression) => {
    const key = textAt(expression, 'key');
    const values = listAt(expression, 'values').map(String).join(',');
    const forms: Readonly<Record<string, string>> = {
      In: `${key} in (${values})`,
      NotIn: `${key} notin (${values})`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    return forms[textAt(expression, 'operator')] ?? key;
  });
  return [...equal, ...expressions].join(',');
}

export function rankPods(pods: readonly KubernetesObject[]): readonly KubernetesObject[] {
  return [...pods].sort(
    (a, b) =>
      rank(a) - rank(b) ||
      compare(readySince(a), readySince(b)) ||
      compare(a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '') ||
      compare(a.metadata.name, b.metadata.name),
  );
}

/** RFC 3339; what is not ready comes last among its like. */
function readySince(pod: KubernetesObject): string {
  const ready = listAt(pod, 'status', 'conditions').find((condition) => textAt(condition, 'type') === 'Ready');
  return textAt(ready, 'status') === 'True' ? textAt(ready, 'lastTransitionTime') : '~';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(pod: KubernetesObject): number {
  if (pod.metadata.deletionTimestamp !== undefined) return 3;
  if (isReady(pod)) return 0;
  return textAt(pod, 'status', 'phase') === 'Running' ? 1 : 2;
}

export function isReady(pod: unknown): boolean {
  return listAt(pod, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Ready' && textAt(condition, 'status') === 'True',
  );
}

/** Containers of all sorts: a native sidecar is among the init containers. */
export function containersOf(pod: unknown): readonly unknown[] {
  return [...listAt(pod, 'spec', 'initContainers'), ...listAt(pod, 'spec', 'containers')];
}

export function hasProxy(pod: unknown): boolean {
  return containersOf(pod).some((container) => textAt(container, 'name') === 'istio-proxy');
}

async function missing(cluster: KubernetesCluster, text: string, of: Kind, namespace: string): Promise<Error> {
  const { items } = await cluster.api.get<KubernetesList>(resourcePath({ ...of, namespace }));
  const names = items.map(({ metadata }) => metadata.name).sort();
  const name = text.slice(text.indexOf('/') + 1).replace(new RegExp(`\\.${namespace}$`), '');
  const close = closestName(name, names);
  const shown = names.slice(0, 10).join(', ') + (names.length > 10 ? `, and ${names.length - 10} more` : '');
  return diagnosedError(
    diagnose('PEL7110', {
      what: text.includes('/') ? text : `pod ${text}`,
      namespace,
      context: cluster.context,
      why: names.length > 0 ? `Its ${of.resource} are: ${shown}.` : `It has no ${of.resource} at all.`,
      suggestion: close === undefined ? '' : ` Did you mean ${close}?`,
    }),
  );
}
