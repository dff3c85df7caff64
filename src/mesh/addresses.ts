import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import {
  type Backing,
  type ClusterId,
  type Endpoint,
  formatObjectRef,
  type Hostname,
  type ObjectRef,
  type Service,
} from '../model/index.ts';
import type { Endpoints } from './endpoints.ts';
import { coveringHost, hostsOfEntry, singleAddresses } from './entry-hosts.ts';
import { addressKey, blockContains, type IpBlock, parseBlock } from './ip-block.ts';
import { byAge, compare, type MeshObject, type ObjectTables } from './objects.ts';
import type { Placement } from './placement.ts';
import { fullName } from './services.ts';
import { podHostname, VirtualNames } from './virtual-names.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;
type Pod = MeshObject<'Pod'>;
type Kubernetes = Extract<Backing, { kind: 'kubernetes' }>;

/** What stands behind an address. */
export type AddressOwner =
  /**
   * A host: the client resolves the name in its own namespace, as if it had called it by name, so that `svc.cluster2`
   * and `exportTo` mean what they mean to it. The namespace is that of the object which gives the name.
   */
  | { readonly kind: 'host'; readonly hostname: Hostname; readonly namespace: string }
  | { readonly kind: 'pod'; readonly pod: ObjectRef };

interface EntryBlock {
  readonly block: IpBlock;
  readonly owner: AddressOwner;
}

/** The one key of all ServiceEntries with blocks of addresses. */
const BLOCKS = 'blocks';

/** Under which addresses the clients of a cluster know hosts, and what is behind an address. */
export class Addresses {
  private readonly tables: ObjectTables;
  private readonly placement: Placement;
  private readonly endpoints: Endpoints;
  private readonly names: VirtualNames;
  private readonly services: Index<KubernetesService>;
  private readonly pods: Index<Pod>;
  private readonly entries: Index<ServiceEntry>;
  private readonly blocks: Query<readonly EntryBlock[]>;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    readonly placement: Placement;
    readonly endpoints: Endpoints;
    /** The cluster whose ServiceEntries and VirtualServices count. */
    readonly home: ClusterId;
  }) {
    const { graph, tables, placement, endpoints, home } = options;
    this.tables = tables;
    this.placement = placement;
    this.endpoints = endpoints;
    this.names = new VirtualNames({ graph, tables, endpoints, home });
    this.services = tables.Service.all.index('Service by address', (service) =>
      clusterIps(service).map((address) => `${service.ref.cluster}/${addressKey(address)}`),
    );
    this.pods = tables.Pod.all.index('Pod by address', podAddresses);
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by address', ({ spec, ref }) => {
      if (ref.cluster !== home) return [];
      const singles = singleAddresses(spec).map((address) => addressKey(address) ?? '');
      return (spec.addresses ?? []).length > singles.length ? [...singles, BLOCKS] : singles;
    });
    this.blocks = graph.query('address blocks', () => this.blocksOfEntries(), { equal: structuralEqual });
  }

  /**
   * A plain Kubernetes name has the addresses of the Service of the client's own cluster, also of one that stands for
   * other clusters' only; a headless one those of its pods, each pod behind another network a virtual one; a ServiceEntry
   * its own; every other host one virtual address. None: the name is looked up elsewhere. Tracked.
   */
  of(cluster: ClusterId, service: Service): readonly string[] {
    switch (service.backing.kind) {
      case 'dns':
        return this.ofEntry(service);
      case 'service-entry':
        return this.ofEntry(service);
      case 'kubernetes':
        return this.ofKubernetes(cluster, service, service.backing);
    }
  }

  /** The virtual address of a host that a VirtualService names for sidecars; it need be no service's. Tracked. */
  ofRule(hostname: Hostname): string | undefined {
    return this.names.isOfRule(hostname) ? this.names.addressOf(hostname) : undefined;
  }

  /** The namespace of the object that gives a name which has a virtual address. Tracked. */
  namespaceOf(hostname: Hostname): string | undefined {
    return this.names.namespaceOf(hostname);
  }

  /** `pod.svc.ns.cluster2` of every pod of a headless service. Tracked. */
  podNames(): readonly Hostname[] {
    return this.names.podHostnames();
  }

  /** What is behind an address for clients of a cluster: the most specific owner; undefined for one outside. Tracked. */
  at(cluster: ClusterId, address: string): AddressOwner | undefined {
    const key = addressKey(address);
    if (key === undefined) return undefined;
    const [service] = this.services.get(`${cluster}/${key}`);
    if (service) return hostOf(service, fullName(service.meta.name, service.meta.namespace));
    const [entry] = this.entries.get(key).toSorted(byAge);
    const [host] = entry ? hostsOfEntry(entry) : [];
    if (entry && host) return hostOf(entry, host);
    const name = this.names.nameAt(address);
    if (name) return { kind: 'host', ...name };
    const pod = this.podAt(cluster, key);
    if (pod) return { kind: 'pod', pod: pod.ref };
    return this.blocks.get('').find(({ block }) => blockContains(block, address))?.owner;
  }

  /** A pod of the client's own cluster before one of another cluster in the same network. */
  private podAt(cluster: ClusterId, key: string): Pod | undefined {
    const pods = this.pods.get(key);
    const own = pods.find(({ ref }) => ref.cluster === cluster);
    if (own || pods.length === 0) return own;
    const network = this.placement.networkOfCluster(cluster);
    return pods.find((pod) => this.placement.networkOfPod(pod) === network);
  }

  private ofEntry({ origins, hostname }: Service): readonly string[] {
    const [origin] = origins;
    const entry = origin && this.tables.ServiceEntry.all.get(formatObjectRef(origin));
    if (!entry) return listed(this.names.addressOf(hostname));
    const given = singleAddresses(entry.spec);
    if (given.length > 0) return given;
    return listed(this.names.addressOf(coveringHost(entry, hostname) ?? hostname));
  }

  private ofKubernetes(cluster: ClusterId, service: Service, backing: Kubernetes): readonly string[] {
    const { hostname } = service;
    if (service.headless || backing.pod !== undefined) return this.ofPods(cluster, service, backing);
    const isPlain = hostname === fullName(backing.name, backing.namespace);
    const own = isPlain ? this.ownService(cluster, backing) : undefined;
    const given = own ? clusterIps(own) : [];
    return given.length > 0 ? given : listed(this.names.addressOf(hostname));
  }

  private ownService(cluster: ClusterId, { namespace, name }: Kubernetes): KubernetesService | undefined {
    return this.tables.Service.all.get(formatObjectRef({ cluster, kind: 'Service', namespace, name }));
  }

  /** Pods that the client's network reaches, at their own addresses; others by their names. */
  private ofPods(cluster: ClusterId, service: Service, backing: Kubernetes): readonly string[] {
    const [port] = service.ports;
    if (!port) return [];
    const network = this.placement.networkOfCluster(cluster);
    const addresses = this.endpoints.of(backing, port).flatMap((endpoint) => {
      if (endpoint.network === network) return [endpoint.address];
      return endpoint.workload ? listed(this.names.addressOfPod(podName(endpoint, backing))) : [];
    });
    return [...new Set(addresses)];
  }

  private blocksOfEntries(): readonly EntryBlock[] {
    const blocks = this.entries.get(BLOCKS).toSorted(byAge).flatMap(blocksOf);
    return blocks.sort((a, b) => b.block.length - a.block.length || compare(nameOf(a.owner), nameOf(b.owner)));
  }
}

function blocksOf(entry: ServiceEntry): readonly EntryBlock[] {
  const [hostname] = hostsOfEntry(entry);
  if (!hostname) return [];
  return (entry.spec.addresses ?? []).flatMap((text) => {
    const block = parseBlock(text);
    return block ? [{ block, owner: hostOf(entry, hostname) }] : [];
  });
}

function nameOf(owner: AddressOwner): string {
  return owner.kind === 'host' ? owner.hostname : owner.pod.name;
}

function hostOf({ meta }: KubernetesService | ServiceEntry, hostname: Hostname): AddressOwner {
  return { kind: 'host', hostname, namespace: meta.namespace };
}

function podName({ workload, cluster }: Endpoint, { name, namespace }: Kubernetes): Hostname {
  return podHostname({ pod: workload, name, namespace, cluster });
}

function listed(address: string | undefined): readonly string[] {
  return address === undefined ? [] : [address];
}

/** What the cluster has assigned; none for a headless Service. */
function clusterIps({ spec }: KubernetesService): readonly string[] {
  const given = spec.clusterIPs?.length ? spec.clusterIPs : [spec.clusterIP ?? ''];
  return given.filter((address) => addressKey(address) !== undefined);
}

/** A pod on its node's network has no address of its own, and one that has ended may have left its to another. */
function podAddresses({ spec, status }: Pod): readonly string[] {
  if (spec.hostNetwork || status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
  const given = [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)];
  return [...new Set(given.flatMap((address) => (address ? (addressKey(address) ?? []) : [])))];
}
