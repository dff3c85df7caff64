import {
  type ClusterId,
  formatIdentity,
  formatObjectRef,
  type Locality,
  type NetworkId,
  NO_LOCALITY,
} from '../model/index.ts';
import type { MeshObject, ObjectTables } from './objects.ts';

type Pod = MeshObject<'Pod'>;

/** Istio's label on a pod, a namespace or a Service that belongs to a network. */
export const NETWORK_LABEL = 'topology.istio.io/network';

export interface PlacementOptions {
  readonly tables: ObjectTables;
  /** Tracked: the network of a member's pods where no object says another. */
  readonly networkOf: (cluster: ClusterId) => NetworkId | '';
  readonly trustDomain: string;
  readonly rootNamespace: string;
}

/** Where workloads run and who they are. */
export class Placement {
  private readonly options: PlacementOptions;

  constructor(options: PlacementOptions) {
    this.options = options;
  }

  /** The label of the root namespace (istio-system) speaks for the cluster (Istio), else its membership does. Tracked. */
  networkOfCluster(cluster: ClusterId): NetworkId | '' {
    const { tables, rootNamespace, networkOf } = this.options;
    const root = { cluster, kind: 'Namespace', namespace: '', name: rootNamespace };
    const label = tables.Namespace.all.get(formatObjectRef(root))?.meta.labels[NETWORK_LABEL];
    return (label as NetworkId | undefined) ?? networkOf(cluster);
  }

  /** The pod's own label before its cluster's network. Tracked. */
  networkOfPod(pod: Pod): NetworkId | '' {
    return (pod.meta.labels[NETWORK_LABEL] as NetworkId | undefined) ?? this.networkOfCluster(pod.ref.cluster);
  }

  /** The SPIFFE ID of a service account. */
  identity(namespace: string, serviceAccount: string): string {
    return formatIdentity({ trustDomain: this.options.trustDomain, namespace, serviceAccount });
  }

  /** The SPIFFE ID of a pod's service account. */
  identityOfPod(pod: Pod): string {
    return this.identity(pod.meta.namespace, pod.spec.serviceAccountName ?? 'default');
  }

  /** What the labels of a node say; a zone that the endpoint names itself goes before the node's. Tracked. */
  localityOf(cluster: ClusterId, nodeName: string | undefined, zone: string): Locality {
    if (!nodeName) return zone ? { ...NO_LOCALITY, zone } : NO_LOCALITY;
    const ref = { cluster, kind: 'Node', namespace: '', name: nodeName };
    const labels = this.options.tables.Node.all.get(formatObjectRef(ref))?.meta.labels ?? {};
    return {
      region: labels['topology.kubernetes.io/region'] ?? '',
      zone: zone || (labels['topology.kubernetes.io/zone'] ?? ''),
      subzone: labels['topology.istio.io/subzone'] ?? '',
    };
  }
}
