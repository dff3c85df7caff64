import type { Index } from '../graph/index.ts';
import { type ClusterId, type Endpoint, formatObjectRef } from '../model/index.ts';
import { compare, type MeshObject, type ObjectTables } from './objects.ts';
import type { Placement } from './placement.ts';

type Slice = MeshObject<'EndpointSlice'>;
type SliceEndpoint = NonNullable<Slice['spec']['endpoints']>[number];

/** Istio's label on a pod whose proxy speaks mTLS. */
export const TLS_MODE_LABEL = 'security.istio.io/tlsMode';

/** The Service that an EndpointSlice belongs to (Kubernetes: discovery.k8s.io). */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

/** The endpoints of Kubernetes Services, out of EndpointSlices and the pods that they point to. */
export class SliceEndpoints {
  private readonly tables: ObjectTables;
  private readonly placement: Placement;
  private readonly slices: Index<Slice>;

  constructor(tables: ObjectTables, placement: Placement) {
    this.tables = tables;
    this.placement = placement;
    this.slices = tables.EndpointSlice.all.index('EndpointSlice by service', ({ meta, ref }) => {
      const service = meta.labels[SERVICE_NAME_LABEL];
      return service ? [`${ref.cluster}/${meta.namespace}/${service}`] : [];
    });
  }

  /** In stable order. Tracked. @param service `cluster/namespace/name`. @param portName as the Service has it. */
  of(service: string, portName: string): readonly Endpoint[] {
    const found = new Map<string, Endpoint>();
    for (const slice of this.slices.get(service)) {
      const port = (slice.spec.ports ?? []).find(({ name }) => (name ?? '') === portName)?.port;
      // Names cannot be told to Envoy by EDS.
      if (port === undefined || slice.spec.addressType === 'FQDN') continue;
      for (const item of slice.spec.endpoints ?? []) {
        const endpoint = this.endpoint(slice, item, port);
        // An endpoint may be in two slices for a moment while it moves (Kubernetes: EndpointSlices, Duplicate endpoints).
        if (endpoint && !found.has(endpoint.address)) found.set(endpoint.address, endpoint);
      }
    }
    return [...found.values()].sort((a, b) => compare(a.workload, b.workload) || compare(a.address, b.address));
  }

  private endpoint(slice: Slice, item: SliceEndpoint, port: number): Endpoint | undefined {
    const { cluster } = slice.ref;
    const health = healthOf(item);
    const [address] = item.addresses ?? [];
    if (health === undefined || !address) return undefined;
    const namespace = item.targetRef?.namespace ?? slice.meta.namespace;
    const workload = item.targetRef?.kind === 'Pod' ? (item.targetRef.name ?? '') : '';
    const pod = workload ? this.pod(cluster, namespace, workload) : undefined;
    return {
      cluster,
      network: pod ? this.placement.networkOfPod(pod) : this.placement.networkOfCluster(cluster),
      namespace,
      workload,
      address,
      port,
      labels: pod?.meta.labels ?? {},
      locality: this.placement.localityOf(cluster, item.nodeName ?? pod?.spec.nodeName, item.zone ?? ''),
      identity: pod ? this.placement.identityOfPod(pod) : '',
      mtls: pod?.meta.labels[TLS_MODE_LABEL] === 'istio',
      health,
      weight: 1,
    };
  }

  private pod(cluster: ClusterId, namespace: string, name: string): MeshObject<'Pod'> | undefined {
    return this.tables.Pod.all.get(formatObjectRef({ cluster, kind: 'Pod', namespace, name }));
  }
}

/** EndpointSlice conditions (KEP-1672): ready is healthy, serving while terminating is draining, else not there. */
function healthOf(item: SliceEndpoint): Endpoint['health'] | undefined {
  const { ready = true, serving = ready, terminating = false } = item.conditions ?? {};
  if (ready && !terminating) return 'healthy';
  return serving && terminating ? 'draining' : undefined;
}
