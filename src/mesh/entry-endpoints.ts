import type { WorkloadEntrySpec } from '../config/index.ts';
import { type Endpoint, formatObjectRef, type NetworkId, type ObjectRef, parseLocality } from '../model/index.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import type { Placement } from './placement.ts';
import { podEndpoint } from './pod-endpoint.ts';
import { selects } from './selector.ts';
import { TLS_MODE_LABEL } from './slice-endpoints.ts';

type Pod = MeshObject<'Pod'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** A port of a ServiceEntry: endpoints may name it to have a number of their own. */
interface EntryPort {
  readonly number: number;
  readonly name: string;
}

interface EntryWorkload {
  readonly item: WorkloadEntrySpec;
  readonly labels: Readonly<Record<string, string>>;
  readonly name: string;
}

/** The endpoints of ServiceEntries: those written in them, or the WorkloadEntries and Pods that their selector takes. */
export class EntryEndpoints {
  private readonly tables: ObjectTables;
  private readonly placement: Placement;
  private readonly members: () => readonly string[];

  /** @param members tracked: the names of all member clusters. */
  constructor(tables: ObjectTables, placement: Placement, members: () => readonly string[]) {
    this.tables = tables;
    this.placement = placement;
    this.members = members;
  }

  /** In stable order: as written, else WorkloadEntries and then Pods by cluster and name. Tracked. */
  of(ref: ObjectRef, port: EntryPort): readonly Endpoint[] {
    const entry = this.tables.ServiceEntry.all.get(formatObjectRef(ref));
    if (!entry) return [];
    const target = (entry.spec.ports ?? []).find(({ number }) => number === port.number)?.targetPort ?? port.number;
    const given = (entry.spec.endpoints ?? []).map((item) => ({ item, labels: item.labels ?? {}, name: '' }));
    const selector = entry.spec.workloadSelector?.labels;
    const selected = selector ? this.workloadEntries(ref, selector) : [];
    const pods = selector ? this.pods(ref.namespace, selector) : [];
    return [
      ...[...given, ...selected].map((workload) => this.ofWorkload(entry, workload, { ...port, target })),
      ...pods.filter(isReady).flatMap((pod) => podEndpoint(this.placement, pod, target) ?? []),
    ];
  }

  private workloadEntries(ref: ObjectRef, selector: Readonly<Record<string, string>>): readonly EntryWorkload[] {
    return this.tables.WorkloadEntry.byNamespace
      .get(`${ref.cluster}/${ref.namespace}`)
      .map(({ spec, meta }) => ({ item: spec, labels: { ...meta.labels, ...spec.labels }, name: meta.name }))
      .filter(({ labels }) => selects(selector, labels));
  }

  /** Pods of the namespace in all clusters (Istio: a namespace means the same everywhere). */
  private pods(namespace: string, selector: Readonly<Record<string, string>>): readonly Pod[] {
    return this.members()
      .flatMap((cluster) => this.tables.Pod.byNamespace.get(`${cluster}/${namespace}`))
      .filter(({ meta }) => selects(selector, meta.labels));
  }

  private ofWorkload(entry: ServiceEntry, of: EntryWorkload, port: EntryPort & { readonly target: number }): Endpoint {
    const { item, labels, name } = of;
    const { cluster, namespace } = entry.ref;
    const inMesh = entry.spec.location === 'MESH_INTERNAL';
    const address = item.address ?? '';
    return {
      cluster,
      network: (item.network || this.placement.networkOfCluster(cluster)) as NetworkId | '',
      namespace,
      workload: name,
      address,
      port: item.ports?.[port.name] ?? port.target,
      labels,
      locality: parseLocality(item.locality ?? ''),
      identity: item.serviceAccount ? this.placement.identity(namespace, item.serviceAccount) : '',
      // Without an address it is behind its network's gateways, and those take nothing but mTLS.
      mtls: inMesh && (labels[TLS_MODE_LABEL] === 'istio' || address === ''),
      health: 'healthy',
      weight: item.weight || 1,
    };
  }
}

/** Kubernetes' pod condition Ready; a pod that says nothing of it is taken at its word that it has an address. */
function isReady({ status }: Pod): boolean {
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return false;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True';
}
