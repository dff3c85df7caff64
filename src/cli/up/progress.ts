import type { ClusterStatus, FleetStatus, PodStatus } from '../../embedded/fleet-api.ts';

/** One thing of the fleet that becomes ready, for the table of `up` and `status`. */
export interface ProgressRow {
  /** Stays the same while the fleet runs. */
  readonly key: string;
  readonly cluster: string;
  readonly what: 'control plane' | 'gateway' | 'pod';
  readonly name: string;
  readonly isReady: boolean;
  /** `2/2`, or empty for what has no containers. */
  readonly containers: string;
  /** Address, or why it is not ready. */
  readonly detail: string;
  readonly restarts: number;
  readonly phase: string;
}

/** What there is, in a stable order: by cluster the control plane, gateways, then pods by namespace and name. */
export function progressRows(status: FleetStatus): readonly ProgressRow[] {
  return status.clusters.flatMap((cluster) => {
    const pods = [...cluster.pods].sort((a, b) => rank(a) - rank(b) || (fullName(a) < fullName(b) ? -1 : 1));
    return [...controlPlaneRow(cluster), ...pods.map((pod) => podRow(cluster.name, pod))];
  });
}

function rank({ proxy, namespace }: PodStatus): number {
  return proxy === 'gateway' ? 0 : namespace === 'istio-system' ? 1 : 2;
}

/** Gateways are told by their names: their namespace would only push the rest out of the window. */
function fullName({ namespace, name, proxy }: PodStatus): string {
  return namespace === 'default' || proxy === 'gateway' ? name : `${namespace}/${name}`;
}

function controlPlaneRow({ name, controlPlane }: ClusterStatus): readonly ProgressRow[] {
  const isOwn = controlPlane.cluster === name;
  return [
    {
      key: `${name} control plane`,
      cluster: name,
      what: 'control plane',
      name: isOwn ? 'istiod' : `istiod of ${controlPlane.cluster}`,
      isReady: controlPlane.ready,
      containers: '',
      detail: controlPlane.ready ? `${controlPlane.address}${countOf(controlPlane.connectedProxies)}` : 'starting',
      restarts: 0,
      phase: controlPlane.ready ? 'Running' : 'Pending',
    },
  ];
}

/** None are connected in the first moment: nothing to be told then. */
function countOf(proxies: number): string {
  return proxies === 0 ? '' : `, ${proxies} ${proxies === 1 ? 'proxy' : 'proxies'}`;
}

function podRow(cluster: string, pod: PodStatus): ProgressRow {
  return {
    key: `${cluster} ${pod.namespace}/${pod.name}`,
    cluster,
    what: pod.proxy === 'gateway' ? 'gateway' : 'pod',
    name: fullName(pod),
    isReady: isSettled(pod),
    containers: `${pod.containers.ready}/${pod.containers.total}`,
    detail: isSettled(pod) ? pod.address : pod.reason || pod.phase,
    restarts: pod.restarts,
    phase: pod.phase,
  };
}

/** A job that is done is as good as ready. */
function isSettled(pod: PodStatus): boolean {
  return pod.ready || pod.phase === 'Succeeded';
}

/** Is the whole fleet up? */
export function isFleetReady(status: FleetStatus): boolean {
  return status.phase === 'running' && status.ready;
}

/** `2 clusters, 10 of 12 ready`. */
export function formatSummary(rows: readonly ProgressRow[]): string {
  const clusters = new Set(rows.map((row) => row.cluster)).size;
  const ready = rows.filter((row) => row.isReady).length;
  return `${clusters} ${clusters === 1 ? 'cluster' : 'clusters'}, ${ready === rows.length ? `all ${ready}` : `${ready} of ${rows.length}`} ready`;
}
