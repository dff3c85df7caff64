import type { Graph, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import {
  type Backing,
  type ClusterId,
  type Endpoint,
  formatObjectRef,
  type Locality,
  type NetworkId,
  NO_LOCALITY,
  type ObjectRef,
  parseObjectRef,
} from '../model/index.ts';
import { EntryEndpoints } from './entry-endpoints.ts';
import type { Contact } from './member.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import type { Placement } from './placement.ts';
import { podEndpoint } from './pod-endpoint.ts';
import { SliceEndpoints } from './slice-endpoints.ts';

type Pod = MeshObject<'Pod'>;
type Kubernetes = Extract<Backing, { kind: 'kubernetes' }>;

/** A port of a service: its number is the same in every cluster, its name need not be. */
interface Port {
  readonly number: number;
  readonly name: string;
}

/** So many lists are remembered for the sake of equal objects; then all are forgotten, which costs time only. */
const MAX_REMEMBERED_LISTS = 65_536;

/** All endpoints of a service's port, of every cluster that backs it, in stable order. */
export class Endpoints {
  private readonly tables: ObjectTables;
  private readonly placement: Placement;
  private readonly contact: (cluster: ClusterId) => Contact;
  private readonly slices: SliceEndpoints;
  private readonly entries: EntryEndpoints;
  private readonly lists: Query<readonly Endpoint[]>;
  /** The last list of each key: an endpoint that is as before stays the same object, so that it is encoded once. */
  private readonly remembered = new Map<string, readonly Endpoint[]>();

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    readonly placement: Placement;
    /** Tracked: the names of all member clusters. */
    readonly members: () => readonly string[];
    /** Tracked: can the cluster be asked? */
    readonly contact: (cluster: ClusterId) => Contact;
  }) {
    const { graph, tables, placement, members } = options;
    this.tables = tables;
    this.contact = options.contact;
    this.placement = placement;
    this.slices = new SliceEndpoints(tables, placement);
    this.entries = new EntryEndpoints(tables, placement, members);
    this.lists = graph.query('endpoints', (key) => this.remember(key, this.list(key)), { equal: structuralEqual });
  }

  /** Tracked. */
  of(backing: Backing, port: Port): readonly Endpoint[] {
    switch (backing.kind) {
      case 'dns':
        return [dnsEndpoint(backing.address, port.number)];
      case 'service-entry':
        return this.lists.get(`entry ${formatObjectRef(backing.entry)} ${port.number} ${port.name}`);
      case 'kubernetes': {
        const all = backing.clusters.flatMap((cluster) => this.ofCluster(cluster, backing, port));
        return backing.pod === undefined ? all : all.filter(({ workload }) => workload === backing.pod);
      }
    }
  }

  /** A pod at one of its ports, by itself: it needs no service, and need not be ready. Tracked. */
  ofPod(ref: ObjectRef, port: number): Endpoint | undefined {
    const pod = this.tables.Pod.all.get(formatObjectRef(ref));
    return pod && podEndpoint(this.placement, pod, port);
  }

  /** What the labels of a pod's node say of where it is. Tracked. */
  localityOfPod(pod: Pod): Locality {
    return this.placement.localityOf(pod.ref.cluster, pod.spec.nodeName, '');
  }

  /** Tracked. */
  networkOfPod(pod: Pod): NetworkId | '' {
    return this.placement.networkOfPod(pod);
  }

  /** Slices have the port's name as the Service of their own cluster spells it. */
  private ofCluster(cluster: ClusterId, { namespace, name }: Kubernetes, port: Port): readonly Endpoint[] {
    const service = this.tables.Service.all.get(formatObjectRef({ cluster, kind: 'Service', namespace, name }));
    const own = service?.spec.ports.find(({ port: number }) => number === port.number);
    return own ? this.lists.get(`slices ${cluster}/${namespace}/${name} ${own.name ?? ''}`) : [];
  }

  private list(key: string): readonly Endpoint[] {
    const [kind, id = '', ...rest] = key.split(' ');
    if (kind === 'slices') {
      const contact = this.contact(id.slice(0, id.indexOf('/')) as ClusterId);
      const endpoints = this.slices.of(id, rest[0] ?? '');
      return contact === 'live' ? endpoints : endpoints.map((endpoint) => outdated(endpoint, contact));
    }
    const entry = parseObjectRef(id);
    return entry ? this.entries.of(entry, { number: Number(rest[0]), name: rest[1] ?? '' }) : [];
  }

  private remember(key: string, list: readonly Endpoint[]): readonly Endpoint[] {
    const before = new Map((this.remembered.get(key) ?? []).map((endpoint) => [keyOf(endpoint), endpoint]));
    const kept = list.map((endpoint) => {
      const same = before.get(keyOf(endpoint));
      return same && structuralEqual(same, endpoint) ? same : endpoint;
    });
    if (this.remembered.size >= MAX_REMEMBERED_LISTS) this.remembered.clear();
    if (kept.length > 0) this.remembered.set(key, kept);
    else this.remembered.delete(key);
    return kept;
  }
}

/** Of a cluster that cannot be asked: it may be gone, so that others are preferred, and in the end it is not called any more. */
function outdated(endpoint: Endpoint, contact: 'stale' | 'lost'): Endpoint {
  if (endpoint.health !== 'healthy') return endpoint;
  return { ...endpoint, health: contact === 'stale' ? 'degraded' : 'unhealthy' };
}

function keyOf({ cluster, workload, address, port }: Endpoint): string {
  return `${cluster} ${workload} ${address} ${port}`;
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
