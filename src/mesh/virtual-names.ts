import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import { type ClusterId, type Hostname, isWildcard, parseHostname } from '../model/index.ts';
import type { Endpoints } from './endpoints.ts';
import { hostsOfEntry, needsVirtualAddress } from './entry-hosts.ts';
import { compare, isImportedStub, type MeshObject, type ObjectTables } from './objects.ts';
import { fullName } from './services.ts';
import { isMeshOnly } from './traffic-rules.ts';
import { addressHash, formatVirtualAddress, parseVirtualAddress } from './virtual-address.ts';

type KubernetesService = MeshObject<'Service'>;

/** A host name, and the namespace of the object that it comes from. */
export interface VirtualName {
  readonly hostname: Hostname;
  readonly namespace: string;
}

/** Pods have ranks of their own, so that pods which come and go touch no other name. */
const FIRST_POD_RANK = 8;

/** One kind of objects by the hashes of the names that they give. */
interface NameSource {
  at(hash: string): readonly VirtualName[];
}

/**
 * Which name has which virtual address, and back. Every name that could have one is in an index by its hash: about 3 us
 * and 350 bytes for each, three for every Service of a cluster. Names of single pods are worked out when somebody asks.
 */
export class VirtualNames {
  private readonly sources: readonly NameSource[];
  private readonly rules: NameSource;
  private readonly headless: Index<KubernetesService>;
  private readonly endpoints: Endpoints;
  private readonly podsOf: Query<readonly VirtualName[]>;
  private readonly pods: Query<ReadonlyMap<string, readonly VirtualName[]>>;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    readonly endpoints: Endpoints;
    /** The cluster whose ServiceEntries and VirtualServices count. */
    readonly home: ClusterId;
  }) {
    const { graph, tables, endpoints, home } = options;
    this.endpoints = endpoints;
    this.rules = source(tables, 'VirtualService', (rule) => (rule.ref.cluster === home ? namesOfRule(rule) : []));
    this.sources = [
      source(tables, 'Service', namesOfService),
      source(tables, 'ServiceExport', namesOfExport),
      source(tables, 'ServiceEntry', (entry) => (entry.ref.cluster === home ? namesOfEntry(entry) : [])),
      this.rules,
    ];
    this.headless = tables.Service.all.index('headless Service', (service) =>
      service.spec.clusterIP === 'None' && !isImportedStub(service) ? ['all', serviceKey(service)] : [],
    );
    this.podsOf = graph.query('pod names of service', (key) => this.podNames(key), { equal: structuralEqual });
    this.pods = graph.query('pod names', () => this.byHash(), { equal: structuralEqual });
  }

  /** The virtual address of a host name as it is spelled; every spelling has its own. Tracked. */
  addressOf(hostname: Hostname): string | undefined {
    const hash = addressHash(hostname);
    const rank = this.namesAt(hash).findIndex((name) => name.hostname === hostname);
    return rank < 0 || rank >= FIRST_POD_RANK ? undefined : formatVirtualAddress(hash, rank);
  }

  /** The virtual address of one pod of a headless service, by its name with the cluster at the end. Tracked. */
  addressOfPod(hostname: Hostname): string | undefined {
    const hash = addressHash(hostname);
    const rank = (this.pods.get('').get(hash) ?? []).findIndex((name) => name.hostname === hostname);
    return rank < 0 ? undefined : formatVirtualAddress(hash, rank + FIRST_POD_RANK);
  }

  /** Does a VirtualService name the host? Tracked. */
  isOfRule(hostname: Hostname): boolean {
    return this.rules.at(addressHash(hostname)).some((name) => name.hostname === hostname);
  }

  /** The namespace of the object that gives the name; the first of several in order. Tracked. */
  namespaceOf(hostname: Hostname): string | undefined {
    return this.namesAt(addressHash(hostname)).find((name) => name.hostname === hostname)?.namespace;
  }

  /** The names of all pods of headless services, sorted within a hash. Tracked. */
  podHostnames(): readonly Hostname[] {
    return [...this.pods.get('').values()].flatMap((names) => names.map(({ hostname }) => hostname));
  }

  /** Tracked. */
  nameAt(address: string): VirtualName | undefined {
    const parsed = parseVirtualAddress(address);
    if (!parsed) return undefined;
    const { hash, rank } = parsed;
    if (rank < FIRST_POD_RANK) return this.namesAt(hash)[rank];
    return this.pods.get('').get(hash)?.[rank - FIRST_POD_RANK];
  }

  private namesAt(hash: string): readonly VirtualName[] {
    return inOrder(this.sources.flatMap((each) => each.at(hash)));
  }

  private byHash(): ReadonlyMap<string, readonly VirtualName[]> {
    const found = new Map<string, VirtualName[]>();
    const names = this.headless.get('all').flatMap((service) => this.podsOf.get(serviceKey(service)));
    for (const name of names) {
      const hash = addressHash(name.hostname);
      const there = found.get(hash);
      if (there) there.push(name);
      else found.set(hash, [name]);
    }
    return new Map([...found].map(([hash, list]) => [hash, inOrder(list)]));
  }

  private podNames(key: string): readonly VirtualName[] {
    return this.headless.get(key).flatMap(({ ref, meta, spec }) => {
      const { namespace, name } = meta;
      const { cluster } = ref;
      const [port] = spec.ports ?? [];
      if (!port) return [];
      const backing = { kind: 'kubernetes', clusters: [cluster], namespace, name } as const;
      const endpoints = this.endpoints.of(backing, { number: port.port, name: port.name ?? '' });
      return endpoints.flatMap(({ workload }) =>
        workload ? [{ hostname: podHostname({ pod: workload, name, namespace, cluster }), namespace }] : [],
      );
    });
  }
}

/** `pod.svc.ns.cluster2`. */
export function podHostname(of: {
  readonly pod: string;
  readonly name: string;
  readonly namespace: string;
  readonly cluster: ClusterId;
}): Hostname {
  return `${of.pod}.${of.name}.${of.namespace}.${of.cluster}` as Hostname;
}

function source<K extends 'Service' | 'ServiceExport' | 'ServiceEntry' | 'VirtualService'>(
  tables: ObjectTables,
  kind: K,
  namesOf: (object: MeshObject<K>) => readonly Hostname[],
): NameSource {
  const index = tables[kind].all.index(`${kind} by virtual address`, (object) => namesOf(object).map(addressHash));
  return {
    at: (hash) =>
      index.get(hash).flatMap((object) =>
        namesOf(object)
          .filter((hostname) => addressHash(hostname) === hash)
          .map((hostname) => ({ hostname, namespace: object.meta.namespace })),
      ),
  };
}

function serviceKey({ ref, meta }: KubernetesService): string {
  return `${ref.cluster}/${meta.namespace}/${meta.name}`;
}

function namesOfService(service: KubernetesService): readonly Hostname[] {
  if (isImportedStub(service)) return [];
  const { name, namespace } = service.meta;
  const { cluster } = service.ref;
  const withCluster = [`${name}.${cluster}`, `${name}.${namespace}.${cluster}`] as Hostname[];
  // The cluster's own DNS answers an alias with the name that it stands for.
  return service.spec.type === 'ExternalName' ? withCluster : [...withCluster, fullName(name, namespace)];
}

function namesOfExport({ meta, ref }: MeshObject<'ServiceExport'>): readonly Hostname[] {
  const name = `${meta.name}.${meta.namespace}.svc.clusterset.local`;
  return [name, `${ref.cluster}.${name}`] as Hostname[];
}

function namesOfEntry(entry: MeshObject<'ServiceEntry'>): readonly Hostname[] {
  return needsVirtualAddress(entry) ? hostsOfEntry(entry) : [];
}

/** Hosts that a rule names for sidecars alone; one that gateways serve too has an address outside. */
export function namesOfRule({ spec }: MeshObject<'VirtualService'>): readonly Hostname[] {
  if (!isMeshOnly(spec.gateways)) return [];
  const hosts = (spec.hosts ?? []).map((host) => parseHostname(host));
  return hosts.filter((host) => host.includes('.') && !isWildcard(host));
}

/** By name, and once each: what two objects say of one name is said by the one whose namespace comes first. */
function inOrder(names: readonly VirtualName[]): readonly VirtualName[] {
  if (names.length < 2) return names;
  const sorted = names.toSorted((a, b) => compare(a.hostname, b.hostname) || compare(a.namespace, b.namespace));
  return sorted.filter(({ hostname }, i) => hostname !== sorted[i - 1]?.hostname);
}
