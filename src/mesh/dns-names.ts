import type { Graph, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import { type ClusterId, type Hostname, isWildcard, parseHostname, type Service } from '../model/index.ts';
import type { Addresses } from './addresses.ts';
import {
  addressOfReverse,
  CLUSTER_SET_ZONE,
  isPublicTopLevel,
  mayBeZone,
  outermost,
  REVERSE_ZONES,
  zoneOf,
  zoneOfHost,
} from './dns-zones.ts';
import { hostsOfEntry, isAnsweredByMesh } from './entry-hosts.ts';
import type { HostResolution } from './host-resolution.ts';
import { isImportedStub, type ObjectTables } from './objects.ts';
import { namesOfRule } from './virtual-names.ts';

/** A question as a DNS message has it. */
export interface DnsQuestion {
  /** The cluster whose pods ask: addresses differ between clusters. */
  readonly cluster: ClusterId;
  /** In any case, with or without a dot at its end. */
  readonly name: string;
  /** `A`, `AAAA`, `SRV`, ...; of types that the mesh has no records of the answer is "no data". */
  readonly type: string;
}

export type DnsRecord =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'PTR'; readonly hostname: string }
  | { readonly type: 'SRV'; readonly port: number; readonly target: string };

/** `zone` is that of the SOA record that says how long a negative answer holds. */
export type DnsAnswer =
  | { readonly kind: 'answer'; readonly records: readonly DnsRecord[] }
  /** The name exists and has no record of this type. */
  | { readonly kind: 'nodata'; readonly zone: string }
  | { readonly kind: 'nxdomain'; readonly zone: string }
  /** The name is in none of the mesh's zones. */
  | { readonly kind: 'refused' };

/** A name with all its addresses. */
export interface DnsName {
  /** `*.example.internal` stands for every name under it. */
  readonly hostname: string;
  readonly addresses: readonly string[];
}

export interface DnsTable {
  readonly names: readonly DnsName[];
  /** How many names are left out because they are more than the limit. */
  readonly omitted: number;
}

/** A service with more pods than this is not told whole; a message of 64 KiB could not carry many more. */
const MAX_RECORDS = 500;

/** What DNS says of the mesh's names. Reads only; nothing of another zone is ever answered. */
export class DnsNames {
  private readonly tables: ObjectTables;
  private readonly hosts: HostResolution;
  private readonly addresses: Addresses;
  private readonly members: () => readonly string[];
  private readonly home: ClusterId;
  private readonly zoneLists: Query<readonly string[]>;
  private readonly zoneSets: Query<ReadonlySet<string>>;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    readonly hosts: HostResolution;
    readonly addresses: Addresses;
    /** Tracked: the names of all member clusters. */
    readonly members: () => readonly string[];
    /** The cluster whose ServiceEntries and VirtualServices count. */
    readonly home: ClusterId;
  }) {
    const { graph } = options;
    this.tables = options.tables;
    this.hosts = options.hosts;
    this.addresses = options.addresses;
    this.members = options.members;
    this.home = options.home;
    this.zoneLists = graph.query('DNS zones', () => this.findZones(), { equal: structuralEqual });
    this.zoneSets = graph.query('DNS zone set', () => new Set(this.zoneLists.get('')), { equal: structuralEqual });
  }

  /**
   * The zones that a cluster's own DNS has to ask the mesh for, sorted, none inside another: each member cluster's name,
   * each host that the mesh alone knows, `clusterset.local` where something is exported. Of a cluster with the name of a
   * public top-level domain (`dev`) only its namespaces and services. Tracked.
   */
  zones(): readonly string[] {
    return this.zoneLists.get('');
  }

  /** Tracked. */
  answer({ cluster, name, type }: DnsQuestion): DnsAnswer {
    const host = parseHostname(name);
    const zone = zoneOf(this.zoneSets.get(''), host);
    if (zone === undefined) return { kind: 'refused' };
    if (host.endsWith('.in-addr.arpa')) return this.reverse(cluster, host, { zone, type });
    const port = /^_([^.]+)\._(?:tcp|udp)\.(.+)$/.exec(host);
    if (port) return this.portOf(port[1] ?? '', (port[2] ?? '') as Hostname, { zone, type });
    const addresses = this.addressesOf(cluster, host);
    if (addresses === undefined) return { kind: this.isAbove(host, zone) ? 'nodata' : 'nxdomain', zone };
    if (type !== 'A' && type !== 'AAAA') return { kind: 'nodata', zone };
    const records = addresses
      .filter((address) => address.includes(':') === (type === 'AAAA'))
      .slice(0, MAX_RECORDS)
      .map((address) => ({ type, address }) as const);
    return records.length > 0 ? { kind: 'answer', records } : { kind: 'nodata', zone };
  }

  /**
   * Names of the zones with their addresses, sorted: for a DNS server that cannot ask. Where they are more than the limit,
   * hosts that objects declare go first, then services, then single pods. Tracked.
   */
  table(cluster: ClusterId, limit: number): DnsTable {
    const zones = this.zoneSets.get('');
    const groups = [this.declaredHosts(), this.exportedNames(), this.serviceNames(), this.addresses.podNames()];
    const all = new Set<string>(groups.flatMap((names) => [...names].sort()));
    const own = [...all].filter((hostname) => zoneOf(zones, sampleOf(hostname)) !== undefined);
    const taken = own.slice(0, limit).sort();
    const names = taken.flatMap((hostname) => {
      const addresses = this.addressesOf(cluster, sampleOf(hostname));
      return addresses && addresses.length > 0 ? [{ hostname, addresses }] : [];
    });
    return { names, omitted: own.length - taken.length };
  }

  /** Undefined for a name that does not exist; empty where it has no addresses now. */
  private addressesOf(cluster: ClusterId, host: Hostname): readonly string[] | undefined {
    const service = this.serviceOf(host);
    if (service) {
      const found = this.addresses.of(cluster, service);
      const isPod = service.backing.kind === 'kubernetes' && service.backing.pod !== undefined;
      // Whether a pod of that name is there is only seen by its address.
      return isPod && found.length === 0 ? undefined : found;
    }
    const rule = this.addresses.ofRule(host);
    return rule === undefined ? undefined : [rule];
  }

  /** A question does not say who asks: a name is looked up in the namespace where it is surely seen. */
  private serviceOf(host: Hostname): Service | undefined {
    const entry = this.hosts.declaredBy(host);
    const labels = host.split('.');
    if (entry && (hostsOfEntry(entry).includes(host) || !this.isOfCluster(host))) {
      return isAnsweredByMesh(entry) ? this.hosts.resolve(entry.meta.namespace, host) : undefined;
    }
    if (host.endsWith(`.${CLUSTER_SET_ZONE}`)) return this.hosts.resolve(labels.at(-4) ?? '', host);
    if (!this.isOfCluster(host)) return undefined;
    if (labels.length > 2) return this.hosts.resolve(labels.at(-2) ?? '', host);
    const namespace = entry?.meta.namespace ?? this.addresses.namespaceOf(host);
    return namespace === undefined ? undefined : this.hosts.resolve(namespace, host);
  }

  private isOfCluster(host: Hostname): boolean {
    const dot = host.lastIndexOf('.');
    return dot > 0 && this.members().includes(host.slice(dot + 1));
  }

  /** A name that others are under exists, although it has no records (RFC 8020). */
  private isAbove(host: Hostname, zone: string): boolean {
    if (host === zone || host === `svc.${CLUSTER_SET_ZONE}`) return true;
    const [namespace = '', cluster, ...more] = host.split('.');
    return more.length === 0 && this.tables.Service.byNamespace.get(`${cluster}/${namespace}`).length > 0;
  }

  private reverse(cluster: ClusterId, name: Hostname, of: { readonly zone: string; readonly type: string }): DnsAnswer {
    const { zone, type } = of;
    const address = addressOfReverse(name);
    if (address === undefined) return { kind: 'nodata', zone };
    const owner = this.addresses.at(cluster, address);
    if (owner?.kind !== 'host' || isWildcard(owner.hostname)) return { kind: 'nxdomain', zone };
    if (type !== 'PTR') return { kind: 'nodata', zone };
    return { kind: 'answer', records: [{ type: 'PTR', hostname: owner.hostname }] };
  }

  /** `_http._tcp.svc.ns.cluster2` (RFC 2782). */
  private portOf(port: string, host: Hostname, of: { readonly zone: string; readonly type: string }): DnsAnswer {
    const { zone, type } = of;
    const found = this.serviceOf(host)?.ports.find(({ name }) => name === port);
    if (!found) return { kind: 'nxdomain', zone };
    if (type !== 'SRV') return { kind: 'nodata', zone };
    return { kind: 'answer', records: [{ type: 'SRV', port: found.number, target: host }] };
  }

  private findZones(): readonly string[] {
    const clusters = this.members().flatMap((cluster) => (mayBeZone(cluster) ? [cluster] : this.narrowZones(cluster)));
    const hosts = this.declaredHosts().flatMap((host) => zoneOfHost(host) ?? []);
    const sets = this.tables.ServiceExport.all.size > 0 ? [CLUSTER_SET_ZONE] : [];
    return outermost([...clusters, ...hosts, ...sets, ...REVERSE_ZONES]);
  }

  /** Of a cluster whose name is a public top-level domain. */
  private narrowZones(cluster: string): readonly string[] {
    if (!isPublicTopLevel(cluster)) return [];
    return this.realServices().flatMap(({ ref, meta }) =>
      ref.cluster === cluster ? [`${meta.namespace}.${cluster}`, `${meta.name}.${cluster}`] : [],
    );
  }

  private declaredHosts(): readonly Hostname[] {
    const { ServiceEntry, VirtualService } = this.tables;
    const entries = ServiceEntry.all.keys().flatMap((key) => ServiceEntry.all.get(key) ?? []);
    const rules = VirtualService.all.keys().flatMap((key) => VirtualService.all.get(key) ?? []);
    return [
      ...entries.filter((entry) => entry.ref.cluster === this.home && isAnsweredByMesh(entry)).flatMap(hostsOfEntry),
      // What a ServiceEntry says of a host, and whether it is looked up elsewhere, goes before a rule's naming it.
      ...rules
        .filter(({ ref }) => ref.cluster === this.home)
        .flatMap(namesOfRule)
        .filter((host) => this.hosts.declaredBy(host) === undefined),
    ];
  }

  private realServices() {
    const { all } = this.tables.Service;
    return all.keys().flatMap((key) => {
      const service = all.get(key);
      return service && !isImportedStub(service) ? [service] : [];
    });
  }

  private serviceNames(): readonly string[] {
    return this.realServices().flatMap(({ ref, meta }) => [
      `${meta.name}.${ref.cluster}`,
      `${meta.name}.${meta.namespace}.${ref.cluster}`,
    ]);
  }

  private exportedNames(): readonly string[] {
    const { all } = this.tables.ServiceExport;
    return all.keys().flatMap((key) => {
      const meta = all.get(key)?.meta;
      return meta ? [`${meta.name}.${meta.namespace}.svc.${CLUSTER_SET_ZONE}`] : [];
    });
  }
}

/** A name that the host stands for: for a wildcard any one under it. */
function sampleOf(hostname: string): Hostname {
  return hostname.replace(/^\*/, 'x') as Hostname;
}
