import type { ClusterStatus, FleetStatus, PodStatus } from '../embedded/fleet-api.ts';
import { type CliError, notFoundError, usageError } from './cli-error.ts';
import type { CommandCall } from './command-spec.ts';
import type { FleetClient } from './fleet-client.ts';

/** A pod that a command was pointed at. */
export interface TargetPod {
  readonly cluster: string;
  readonly pod: PodStatus;
}

const OWNER_KINDS: Readonly<Record<string, string>> = {
  deployment: 'deployment',
  deployments: 'deployment',
  deploy: 'deployment',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  sts: 'statefulset',
  daemonset: 'daemonset',
  daemonsets: 'daemonset',
  ds: 'daemonset',
  job: 'job',
  jobs: 'job',
};
const POD_KINDS: readonly string[] = ['pod', 'pods', 'po'];

/** Which pods a text may mean: those of an owner, or one by its name. */
export type Target =
  | { readonly kind: 'owner'; readonly owner: string }
  | { readonly kind: 'pod'; readonly name: string };

/**
 * Reads `deployment/NAME` (and kubectl's other kinds and short names), `pod/NAME` or a pod's name.
 * @throws {CliError} where the kind is none that has pods.
 */
export function parseTarget(text: string): Target {
  const slash = text.indexOf('/');
  if (slash < 0) return { kind: 'pod', name: text };
  const kind = text.slice(0, slash).toLowerCase().split('.')[0] ?? '';
  const name = text.slice(slash + 1);
  const owner = OWNER_KINDS[kind];
  if (name !== '' && owner) return { kind: 'owner', owner: `${owner}/${name}` };
  if (name !== '' && POD_KINDS.includes(kind)) return { kind: 'pod', name };
  throw usageError(
    `"${text}" names nothing that has pods`,
    'Write `deployment/NAME`, `statefulset/NAME`, `daemonset/NAME`, `job/NAME`, `pod/NAME`, or a pod name.',
  );
}

/** The pods a target means, the best to speak to first: ready before running before others, then by name. */
export function matchPods(pods: readonly PodStatus[], target: Target, namespace: string): readonly PodStatus[] {
  const matching = pods.filter((pod) => isMeant(pod, target, namespace));
  return matching.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1));
}

function isMeant(pod: PodStatus, target: Target, namespace: string): boolean {
  if (target.kind === 'owner') return pod.namespace === namespace && pod.owner.toLowerCase() === target.owner;
  // istioctl names pods `name.namespace` as well.
  return (pod.namespace === namespace && pod.name === target.name) || `${pod.name}.${pod.namespace}` === target.name;
}

function rank(pod: PodStatus): number {
  if (pod.phase === 'Terminating') return 3;
  if (pod.ready) return 0;
  return pod.phase === 'Running' ? 1 : 2;
}

/**
 * The cluster a command is about: `--context`, or the first one, with a note where there are others.
 * @throws {CliError} where there is no cluster of that name.
 */
export function chooseCluster(
  status: FleetStatus,
  { options, terminal }: Pick<CommandCall, 'options' | 'terminal'>,
): ClusterStatus {
  const wanted = options.text('context');
  const names = status.clusters.map((cluster) => cluster.name);
  const [first] = status.clusters;
  if (wanted === undefined) {
    if (!first) throw notFoundError('the fleet has no clusters', '', 'See `pelagos status`.');
    if (names.length > 1) terminal.err(`# ${first.name} (of ${names.join(', ')}; --context chooses)\n`);
    return first;
  }
  const cluster = status.clusters.find(({ name }) => name === wanted);
  if (cluster) return cluster;
  throw notFoundError(
    `there is no cluster "${wanted}"`,
    `The clusters of this fleet are: ${names.join(', ')}.`,
    'Give one of them to `--context`.',
  );
}

/**
 * The pod that `TARGET` means in the chosen cluster and namespace.
 * @throws {CliError} that says where there is such a pod, or what pods there are.
 */
export async function findPod(client: FleetClient, call: CommandCall, text: string): Promise<TargetPod> {
  const target = parseTarget(text);
  const namespace = call.options.text('namespace') ?? 'default';
  const status = await client.status();
  const cluster = chooseCluster(status, call);
  const [pod] = matchPods(cluster.pods, target, namespace);
  if (pod) return { cluster: cluster.name, pod };
  throw noSuchPod({ status, cluster, target, namespace, text });
}

interface Search {
  readonly status: FleetStatus;
  readonly cluster: ClusterStatus;
  readonly target: Target;
  readonly namespace: string;
  readonly text: string;
}

function noSuchPod({ status, cluster, target, namespace, text }: Search): CliError {
  const places = status.clusters.flatMap((other) =>
    [...new Set(other.pods.map((pod) => pod.namespace))]
      .filter((name) => matchPods(other.pods, target, name).length > 0)
      .map((name) => `\`--context ${other.name} -n ${name}\``),
  );
  const here = cluster.pods.filter((pod) => pod.namespace === namespace).map((pod) => pod.owner || `pod/${pod.name}`);
  const there = here.length > 0 ? `It has: ${[...new Set(here)].sort().join(', ')}.` : 'It has no pods at all.';
  return notFoundError(
    `${text} has no pod in namespace ${namespace} of ${cluster.name}`,
    there,
    places.length > 0 ? `There is one with ${places.join(' or ')}.` : 'See what there is with `pelagos get pods -A`.',
  );
}
