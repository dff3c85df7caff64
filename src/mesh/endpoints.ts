import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import {
  type Backing,
  type ClusterId,
  type Endpoint,
  formatIdentity,
  formatObjectRef,
  type Locality,
  type NetworkId,
  NO_LOCALITY,
  type ObjectRef,
  parseLocality,
  parseObjectRef,
} from '../model/index.ts';
import { compare, type MeshObject, type ObjectTables } from './objects.ts';
import { selects } from './selector.ts';

type Slice = MeshObject<'EndpointSlice'>;
type Pod = MeshObject<'Pod'>;
type SliceEndpoint = NonNullable<Slice['spec']['endpoints']>[number];

/** Istio's labels: on a pod whose proxy speaks mTLS, and on a pod or namespace of a network. */
export const TLS_MODE_LABEL = 'security.istio.io/tlsMode';
export const NETWORK_LABEL = 'topology.istio.io/network';

/** All endpoints of a service's port, of every cluster that backs it, in stable order. */
export class Endpoints {
  private readonly slices: Index<Slice>;
  private readonly lists: Query<readonly Endpoint[]>;
  private readonly tables: ObjectTables;
  private readonly networkOf: (cluster: ClusterId) => NetworkId | '';
  private readonly trustDomain: string;
  private readonly rootNamespace: string;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    /** Tracked: the network of a member's pods. */
    readonly networkOf: (cluster: ClusterId) => NetworkId | '';
    readonly trustDomain: string;
    readonly rootNamespace: string;
  }) {
    this.tables = options.tables;
    this.networkOf = options.networkOf;
    this.trustDomain = options.trustDomain;
    this.rootNamespace = options.rootNamespace;
    this.slices = options.tables.EndpointSlice.all.index('EndpointSlice by service', ({ meta, ref }) => {
      const service = meta.labels['kubernetes.io/service-name'];
      return service ? [`${ref.cluster}/${meta.namespace}/${service}`] : [];
    });
    this.lists = options.graph.query('endpoints', (key) => this.list(key), { equal: structuralEqual });
  }

  /** Tracked. @param port the service's port; its name finds the slices' ports. */
  of(backing: Backing, port: { readonly number: number; readonly name: string }): readonly Endpoint[] {
    switch (backing.kind) {
      case 'dns':
        return [dnsEndpoint(backing.address, port.number)];
      case 'service-entry':
        return this.lists.get(`entry ${formatObjectRef(backing.entry)} ${port.number} ${port.name}`);
      case 'kubernetes': {
        const all = backing.clusters.flatMap((cluster) =>
          this.lists.get(`slices ${cluster}/${backing.namespace}/${backing.name} ${port.name}`),
        );
        return backing.pod === undefined ? all : all.filter(({ workload }) => workload === backing.pod);
      }
    }
  }

  private list(key: string): readonly Endpoint[] {
    const [kind, id = '', ...rest] = key.split(' ');
    if (kind === 'slices') return this.ofSlices(id, rest[0] ?? '');
    const entry = parseObjectRef(id);
    return entry ? this.ofEntry(entry, { number: Number(rest[0]), name: rest[1] ?? '' }) : [];
  }

  private ofSlices(service: string, portName: string): readonly Endpoint[] {
    const found = this.slices.get(service).flatMap((slice) => {
      const port = (slice.spec.ports ?? []).find(({ name }) => (name ?? '') === portName)?.port;
      if (port === undefined || slice.spec.addressType === 'FQDN') return [];
      return (slice.spec.endpoints ?? []).flatMap((item) => this.ofSliceEndpoint(slice, item, port));
    });
    return found.toSorted((a, b) => compare(a.workload, b.workload) || compare(a.address, b.address));
  }

  private ofSliceEndpoint(slice: Slice, item: SliceEndpoint, port: number): readonly Endpoint[] {
    const { cluster } = slice.ref;
    const namespace = item.targetRef?.namespace ?? slice.meta.namespace;
    const podName = item.targetRef?.kind === 'Pod' ? (item.targetRef.name ?? '') : '';
    const pod = podName
      ? this.tables.Pod.all.get(formatObjectRef({ cluster, kind: 'Pod', namespace, name: podName }))
      : undefined;
    const health = healthOf(item);
    const [address] = item.addresses ?? [];
    if (health === undefined || !address) return [];
    return [
      {
        cluster,
        network: pod ? this.networkOfPod(pod) : this.clusterNetwork(cluster),
        namespace,
        workload: podName,
        address,
        port,
        labels: pod?.meta.labels ?? {},
        locality: this.localityOf(cluster, item.nodeName ?? pod?.spec.nodeName, item.zone ?? ''),
        identity: pod ? this.identityOf(pod) : '',
        mtls: pod?.meta.labels[TLS_MODE_LABEL] === 'istio',
        health,
        weight: 1,
      },
    ];
  }

  /** The label of the namespace istio-system speaks for the cluster (Istio), else its membership does. Tracked. */
  clusterNetwork(cluster: ClusterId): NetworkId | '' {
    const root = { cluster, kind: 'Namespace', namespace: '', name: this.rootNamespace };
    const label = this.tables.Namespace.all.get(formatObjectRef(root))?.meta.labels[NETWORK_LABEL];
    return (label as NetworkId | undefined) ?? this.networkOf(cluster);
  }

  /** The pod's own label before its cluster's network. Tracked. */
  networkOfPod(pod: Pod): NetworkId | '' {
    return (pod.meta.labels[NETWORK_LABEL] as NetworkId | undefined) ?? this.clusterNetwork(pod.ref.cluster);
  }

  /** The SPIFFE ID of a pod's service account. */
  identityOf(pod: Pod): string {
    const serviceAccount = pod.spec.serviceAccountName ?? 'default';
    return formatIdentity({ trustDomain: this.trustDomain, namespace: pod.meta.namespace, serviceAccount });
  }

  private localityOf(cluster: ClusterId, nodeName: string | undefined, zone: string): Locality {
    if (!nodeName) return zone ? { ...NO_LOCALITY, zone } : NO_LOCALITY;
    const node = this.tables.Node.all.get(formatObjectRef({ cluster, kind: 'Node', namespace: '', name: nodeName }));
    const labels = node?.meta.labels ?? {};
    return {
      region: labels['topology.kubernetes.io/region'] ?? '',
      zone: zone || (labels['topology.kubernetes.io/zone'] ?? ''),
      subzone: labels['topology.istio.io/subzone'] ?? '',
    };
  }

  private ofEntry(ref: ObjectRef, port: { readonly number: number; readonly name: string }): readonly Endpoint[] {
    const entry = this.tables.ServiceEntry.all.get(formatObjectRef(ref));
    if (!entry) return [];
    const target = (entry.spec.ports ?? []).find(({ number }) => number === port.number)?.targetPort ?? port.number;
    const inline = (entry.spec.endpoints ?? []).map((item) => ({ item, labels: item.labels ?? {}, name: '' }));
    const selector = entry.spec.workloadSelector?.labels;
    const selected = selector
      ? this.tables.WorkloadEntry.byNamespace
          .get(`${ref.cluster}/${ref.namespace}`)
          .map(({ spec, meta }) => ({ item: spec, labels: { ...meta.labels, ...spec.labels }, name: meta.name }))
          .filter(({ labels }) => selects(selector, labels))
      : [];
    const inMesh = entry.spec.location === 'MESH_INTERNAL';
    return [...inline, ...selected].map(({ item, labels, name }): Endpoint => {
      const account = item.serviceAccount;
      return {
        cluster: ref.cluster,
        network: (item.network ?? this.clusterNetwork(ref.cluster)) as NetworkId | '',
        namespace: ref.namespace,
        workload: name,
        address: item.address ?? '',
        port: item.ports?.[port.name] ?? target,
        labels,
        locality: parseLocality(item.locality ?? ''),
        identity: account
          ? formatIdentity({ trustDomain: this.trustDomain, namespace: ref.namespace, serviceAccount: account })
          : '',
        mtls: inMesh && labels[TLS_MODE_LABEL] === 'istio',
        health: 'healthy',
        weight: item.weight || 1,
      };
    });
  }
}

/** EndpointSlice conditions (KEP-1672): ready is healthy, serving while terminating is draining, else not there. */
function healthOf(item: SliceEndpoint): Endpoint['health'] | undefined {
  const { ready = true, serving = ready, terminating = false } = item.conditions ?? {};
  if (ready && !terminating) return 'healthy';
  return serving && terminating ? 'draining' : undefined;
}

function dnsEndpoint(address: string, port: number): Endpoint {
  return {
    cluster: '' as ClusterId,
    network: '',
    namespace: '',
    workload: '',
    address,
    port,
    labels: {},
    locality: NO_LOCALITY,
    identity: '',
    mtls: false,
    health: 'healthy',
    weight: 1,
  };
}
