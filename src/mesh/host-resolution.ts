import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import {
  type ClusterId,
  type Hostname,
  hostnameCovers,
  isWildcard,
  parseHostname,
  type Service,
} from '../model/index.ts';
import { byAge, compare, type MeshObject, type ObjectTables } from './objects.ts';
import { fullName, type Narrowing, serviceOfEntry, serviceOfKubernetes } from './services.ts';
import { isExportedTo } from './visibility.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/**
 * Which service a host name means to a client of a namespace. The order, most specific object first:
 * 1. a ServiceEntry whose host is exactly this name,
 * 2. a Kubernetes service by any of its names (`svc`, `svc.ns`, `svc.ns.svc`, `svc.ns.svc.cluster.local`),
 * 3. a name with a member cluster in it (`svc.<cluster>`, `svc.ns.<cluster>`, `pod.svc.ns.<cluster>`),
 * 4. the ServiceEntry with the longest wildcard host that covers the name.
 */
export class HostResolution {
  private readonly kubernetes: Index<KubernetesService>;
  private readonly entries: Index<ServiceEntry>;
  private readonly answers: Query<Service | undefined>;
  private readonly isMember: (cluster: string) => boolean;
  private readonly home: ClusterId;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    /** Tracked: is this the name of a member cluster? */
    readonly isMember: (cluster: string) => boolean;
    /** The cluster whose configuration counts. */
    readonly home: ClusterId;
  }) {
    this.isMember = options.isMember;
    this.home = options.home;
    this.kubernetes = options.tables.Service.all.index('Service by name', ({ meta }) => [
      `${meta.namespace}/${meta.name}`,
    ]);
    this.entries = options.tables.ServiceEntry.all.index('ServiceEntry by host', ({ spec, ref }) =>
      ref.cluster === options.home ? (spec.hosts ?? []).map((host) => parseHostname(host)) : [],
    );
    this.answers = options.graph.query('host', (key) => this.find(key), { equal: structuralEqual });
  }

  /** @param namespace of the client. Tracked. */
  resolve(namespace: string, host: Hostname): Service | undefined {
    return this.answers.get(`${namespace} ${host}`);
  }

  /** Every host name that a client of the namespace can call, without those that a wildcard stands for. Tracked. */
  hosts(namespace: string): readonly Hostname[] {
    const hosts = new Set<Hostname>();
    for (const key of this.kubernetes.keys()) {
      const [of = '', name = ''] = key.split('/');
      hosts.add(fullName(name, of));
    }
    for (const host of this.entries.keys()) if (!isWildcard(host as Hostname)) hosts.add(host as Hostname);
    return [...hosts].filter((host) => this.resolve(namespace, host) !== undefined).sort(compare);
  }

  private find(key: string): Service | undefined {
    const space = key.indexOf(' ');
    const namespace = key.slice(0, space);
    const host = key.slice(space + 1) as Hostname;
    return (
      this.exactEntry(namespace, host) ??
      this.kubernetesName(namespace, host) ??
      this.clusterName(namespace, host) ??
      this.wildcardEntry(namespace, host)
    );
  }

  private visibleEntries(namespace: string, host: Hostname): readonly ServiceEntry[] {
    return this.entries
      .get(host)
      .filter((entry) => isExportedTo(entry.spec.exportTo, entry.meta.namespace, namespace))
      .toSorted(
        (a, b) => Number(b.meta.namespace === namespace) - Number(a.meta.namespace === namespace) || byAge(a, b),
      );
  }

  private exactEntry(namespace: string, host: Hostname): Service | undefined {
    if (isWildcard(host)) return undefined;
    const [entry] = this.visibleEntries(namespace, host);
    return entry && serviceOfEntry(entry, host);
  }

  private kubernetesName(namespace: string, host: Hostname): Service | undefined {
    const labels = host.replace(/\.svc(\.cluster\.local)?$/, '').split('.');
    const [name = '', of = namespace] = labels;
    const bare = labels.length === 1 && !host.includes('.');
    if (labels.length === 2 || bare) return this.kubernetesService(namespace, of, name);
    const pod = labels.length === 3 && host.includes('.svc') ? labels : undefined;
    return pod && this.podName({ namespace, host, pod: pod[0] ?? '', name: pod[1] ?? '', of: pod[2] ?? '' });
  }

  private sorted(services: readonly KubernetesService[]): readonly KubernetesService[] {
    const own = (service: KubernetesService): number => (service.ref.cluster === this.home ? 0 : 1);
    return services.toSorted((a, b) => own(a) - own(b) || compare(a.ref.cluster, b.ref.cluster));
  }

  private kubernetesService(client: string, namespace: string, name: string, narrow?: Narrowing): Service | undefined {
    const objects = this.sorted(this.kubernetes.get(`${namespace}/${name}`));
    const service = serviceOfKubernetes(objects, narrow);
    if (!service || !isExportedTo(service.exportTo, service.namespace, client)) return undefined;
    if (service.backing.kind !== 'dns') return service;
    const target = this.resolve(client, parseHostname(service.backing.address));
    return target ? { ...target, hostname: service.hostname, spellings: service.spellings } : service;
  }

  /** `pod.svc.ns.svc.cluster.local`: a pod of a headless service in any cluster (Kubernetes DNS specification 2.4). */
  private podName(of: {
    readonly namespace: string;
    readonly host: Hostname;
    readonly pod: string;
    readonly name: string;
    readonly of: string;
  }): Service | undefined {
    const objects = this.kubernetes.get(`${of.of}/${of.name}`);
    if (!objects.some((service) => service.spec.clusterIP === 'None')) return undefined;
    const clusters = objects.map(({ ref }) => ref.cluster);
    return this.kubernetesService(of.namespace, of.of, of.name, {
      hostname: of.host,
      spellings: [of.host],
      clusters,
      pod: of.pod,
    });
  }

  private clusterName(namespace: string, host: Hostname): Service | undefined {
    const labels = host.split('.');
    const cluster = labels.at(-1) ?? '';
    if (labels.length < 2 || labels.length > 4 || !this.isMember(cluster)) return undefined;
    const clusters = [cluster as ClusterId];
    if (labels.length === 4) {
      const [pod = '', name = '', of = ''] = labels;
      return this.kubernetesService(namespace, of, name, { hostname: host, spellings: [host], clusters, pod });
    }
    const [name = '', given] = labels;
    const cover = labels.length === 2 ? this.coveringEntry(namespace, host) : undefined;
    const of = labels.length === 3 ? (given ?? '') : (cover?.meta.namespace ?? namespace);
    const spellings = [host, `${name}.${of}.${cluster}` as Hostname, `${name}.${cluster}` as Hostname];
    const service = this.kubernetesService(namespace, of, name, {
      hostname: host,
      spellings: [...new Set(spellings)],
      clusters,
    });
    return service && cover ? { ...service, origins: [...service.origins, cover.ref] } : service;
  }

  private coveringEntry(namespace: string, host: Hostname): ServiceEntry | undefined {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      const [entry] = this.visibleEntries(namespace, `*${host.slice(dot)}` as Hostname);
      if (entry) return entry;
    }
    return this.visibleEntries(namespace, '*' as Hostname)[0];
  }

  private wildcardEntry(namespace: string, host: Hostname): Service | undefined {
    const entry = this.coveringEntry(namespace, host);
    if (!entry || isClusterImport(entry, this.isMember)) return undefined;
    return serviceOfEntry(entry, host);
  }
}

/**
 * Does this ServiceEntry import a member cluster's services? `*.cluster2`, MESH_INTERNAL, without endpoints:
 * a name that it covers and no service of that cluster answers to does not exist.
 */
export function isClusterImport(entry: ServiceEntry, isMember: (cluster: string) => boolean): boolean {
  const { hosts = [], location, endpoints = [], workloadSelector } = entry.spec;
  if (location !== 'MESH_INTERNAL' || endpoints.length > 0 || workloadSelector !== undefined) return false;
  return hosts.some((host) => host.startsWith('*.') && isMember(host.slice(2)));
}

/** Does one of the patterns (exact or wildcard) cover one of the service's names? */
export function coversService(pattern: Hostname, service: Service): boolean {
  return service.spellings.some((spelling) => hostnameCovers(pattern, spelling));
}
