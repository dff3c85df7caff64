import { isClusterImport } from '../config/index.ts';
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
import { byAge, compare, isImportedStub, type MeshObject, type ObjectTables } from './objects.ts';
import { type Narrowing, serviceOfEntry, serviceOfKubernetes } from './services.ts';
import { exportToOfAnnotation, isExportedTo } from './visibility.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** The zone of services that clusters export to each other (MCS API, KEP-1645). */
const CLUSTER_SET = '.svc.clusterset.local';

/** An ExternalName may lead to another one; a chain longer than this leads nowhere. */
const MAX_ALIASES = 8;

/** Who asks for which Kubernetes service. */
interface KubernetesName {
  /** The client's namespace. */
  readonly client: string;
  readonly namespace: string;
  readonly name: string;
}

interface Cover {
  readonly entry: ServiceEntry;
  readonly pattern: Hostname;
}

/**
 * Which service a host name means to a client of a namespace. The order, most specific object first:
 * 1. a ServiceEntry whose host is exactly this name,
 * 2. a Kubernetes service by any of its names (`svc`, `svc.ns`, `svc.ns.svc`, `svc.ns.svc.cluster.local`),
 * 3. a service that clusters export (`svc.ns.svc.clusterset.local`),
 * 4. a name with a member cluster in it (`svc.<cluster>`, `svc.ns.<cluster>`, `pod.svc.ns.<cluster>`),
 * 5. the ServiceEntry with the longest wildcard host that covers the name.
 */
export class HostResolution {
  private readonly kubernetes: Index<KubernetesService>;
  private readonly exports: Index<MeshObject<'ServiceExport'>>;
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
    const { graph, tables, home } = options;
    this.isMember = options.isMember;
    this.home = home;
    this.kubernetes = tables.Service.all.index('Service by name', (service) =>
      isImportedStub(service) ? [] : [`${service.meta.namespace}/${service.meta.name}`],
    );
    this.exports = tables.ServiceExport.all.index('ServiceExport by name', ({ meta }) => [
      `${meta.namespace}/${meta.name}`,
    ]);
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by host', ({ spec, ref }) =>
      ref.cluster === home ? [...new Set((spec.hosts ?? []).map((host) => parseHostname(host)))] : [],
    );
    this.answers = graph.query('host', (key) => this.find(key), { equal: structuralEqual });
  }

  /** @param namespace of the client. Tracked. */
  resolve(namespace: string, host: Hostname): Service | undefined {
    return this.answers.get(`${namespace} ${host}`);
  }

  /** The ServiceEntry that speaks of a host, whoever may see it: of an exact host before a longer wildcard. Tracked. */
  declaredBy(host: Hostname): ServiceEntry | undefined {
    for (const pattern of [host, ...wildcardsOver(host)]) {
      const [entry] = this.entries.get(pattern).toSorted(byAge);
      if (entry) return entry;
    }
    return undefined;
  }

  private find(key: string): Service | undefined {
    const space = key.indexOf(' ');
    const namespace = key.slice(0, space);
    const service = this.lookup(namespace, key.slice(space + 1) as Hostname);
    return service && this.withoutAlias(namespace, service);
  }

  private lookup(namespace: string, host: Hostname): Service | undefined {
    return (
      this.exactEntry(namespace, host) ??
      this.kubernetesName(namespace, host) ??
      this.clusterSetName(namespace, host) ??
      this.clusterName(namespace, host) ??
      this.wildcardEntry(namespace, host)
    );
  }

  /**
   * A Service of type ExternalName stands for what its name stands for, so that rules and endpoints of that apply; a name
   * outside the mesh is looked up by Envoy. Names that lead in a circle are nobody's.
   */
  private withoutAlias(namespace: string, service: Service): Service | undefined {
    let target = service;
    for (let step = 0; step < MAX_ALIASES; step += 1) {
      if (target.backing.kind !== 'dns' || !isAlias(target)) {
        return target === service ? service : { ...target, spellings: [...target.spellings, ...service.spellings] };
      }
      const next = this.lookup(namespace, parseHostname(target.backing.address));
      if (!next) return { ...service, backing: target.backing };
      target = next;
    }
    return undefined;
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
    const [entry, ...others] = this.visibleEntries(namespace, host);
    return entry && withPortsOf(serviceOfEntry(entry, host), others);
  }

  private kubernetesName(client: string, host: Hostname): Service | undefined {
    const stem = host.replace(/\.svc(\.cluster\.local)?$/, '');
    const hasSuffix = stem !== host;
    const labels = stem.split('.');
    const [name = '', namespace = client] = labels;
    if (labels.length === 2 || (labels.length === 1 && !hasSuffix)) {
      return this.kubernetesService({ client, namespace, name });
    }
    return hasSuffix && labels.length >= 3 ? this.podName(client, host, labels) : undefined;
  }

  /** `pod.svc.ns.svc.cluster.local`: a pod of a headless service in any cluster (Kubernetes DNS specification 2.4). */
  private podName(client: string, host: Hostname, labels: readonly string[]): Service | undefined {
    const [namespace = '', name = '', ...pod] = labels.toReversed();
    const objects = this.kubernetes.get(`${namespace}/${name}`);
    if (!objects.some((service) => service.spec.clusterIP === 'None')) return undefined;
    const clusters = objects.map(({ ref }) => ref.cluster);
    const narrow = { hostname: host, spellings: [host], clusters, pod: pod.toReversed().join('.') };
    return this.kubernetesService({ client, namespace, name }, narrow);
  }

  /** Objects of each cluster say for themselves whom they are for. */
  private kubernetesService({ client, namespace, name }: KubernetesName, narrow?: Narrowing): Service | undefined {
    const own = (service: KubernetesService): number => (service.ref.cluster === this.home ? 0 : 1);
    const objects = this.kubernetes
      .get(`${namespace}/${name}`)
      .filter(({ meta }) => isExportedTo(exportToOfAnnotation(meta.annotations), namespace, client))
      .toSorted((a, b) => own(a) - own(b) || compare(a.ref.cluster, b.ref.cluster));
    return serviceOfKubernetes(objects, narrow);
  }

  /** `svc.ns`, `<cluster>.svc.ns` and `pod.<cluster>.svc.ns`, before `.svc.clusterset.local`: exported ones only. */
  private clusterSetName(client: string, host: Hostname): Service | undefined {
    if (!host.endsWith(CLUSTER_SET)) return undefined;
    const labels = host.slice(0, -CLUSTER_SET.length).split('.');
    const [namespace = '', name = '', cluster, ...pod] = labels.toReversed();
    const exported = this.exports.get(`${namespace}/${name}`).map(({ ref }) => ref.cluster);
    const clusters = cluster === undefined ? exported : exported.filter((candidate) => candidate === cluster);
    if (clusters.length === 0) return undefined;
    const narrow = { hostname: host, spellings: [host], clusters };
    const ofPod = pod.length > 0 ? { pod: pod.toReversed().join('.') } : {};
    return this.kubernetesService({ client, namespace, name }, { ...narrow, ...ofPod });
  }

  private clusterName(client: string, host: Hostname): Service | undefined {
    const labels = host.split('.');
    const cluster = labels.at(-1) ?? '';
    if (labels.length < 2 || !this.isMember(cluster)) return undefined;
    const clusters = [cluster as ClusterId];
    if (labels.length > 3) {
      const [, namespace = '', name = '', ...pod] = labels.toReversed();
      const narrow = { hostname: host, spellings: [host], clusters, pod: pod.toReversed().join('.') };
      return this.kubernetesService({ client, namespace, name }, narrow);
    }
    const [name = '', given = ''] = labels;
    const cover = labels.length === 2 ? this.coveringEntry(client, host)?.entry : undefined;
    const namespace = labels.length === 3 ? given : (cover?.meta.namespace ?? client);
    const full = `${name}.${namespace}.${cluster}` as Hostname;
    const spellings = [...new Set([host, full, `${name}.${cluster}` as Hostname])];
    const service = this.kubernetesService({ client, namespace, name }, { hostname: host, spellings, clusters });
    return service && cover ? { ...service, origins: [...service.origins, cover.ref] } : service;
  }

  private coveringEntry(namespace: string, host: Hostname): Cover | undefined {
    for (const pattern of wildcardsOver(host)) {
      const [entry] = this.visibleEntries(namespace, pattern);
      if (entry) return { entry, pattern };
    }
    return undefined;
  }

  /** A name under an import of a cluster's services is one of them or nobody's. */
  private wildcardEntry(namespace: string, host: Hostname): Service | undefined {
    const cover = this.coveringEntry(namespace, host);
    if (!cover || isClusterImport(cover.pattern, cover.entry.spec)) return undefined;
    return serviceOfEntry(cover.entry, host);
  }
}

/** Every wildcard that covers a host, the longest first. */
function wildcardsOver(host: Hostname): readonly Hostname[] {
  const wildcards: Hostname[] = [];
  for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
    wildcards.push(`*${host.slice(dot)}` as Hostname);
  }
  return [...wildcards, '*' as Hostname];
}

/** Several ServiceEntries may each bring ports of one host, where all of them have it looked up by its name. */
function withPortsOf(service: Service, others: readonly ServiceEntry[]): Service {
  if (service.backing.kind !== 'dns' || others.length === 0) return service;
  const alike = others
    .filter(({ meta }) => meta.namespace === service.namespace)
    .map((entry) => serviceOfEntry(entry, service.hostname))
    .filter(({ backing, inMesh }) => backing.kind === 'dns' && inMesh === service.inMesh);
  const ports = new Map(
    [service, ...alike].toReversed().flatMap((one) => one.ports.map((port) => [port.number, port])),
  );
  return {
    ...service,
    ports: [...ports.values()].sort((a, b) => a.number - b.number),
    origins: [service, ...alike].flatMap(({ origins }) => origins),
  };
}

/** Is it a Kubernetes Service that only names another host? */
function isAlias({ origins }: Service): boolean {
  return origins[0]?.kind === 'Service';
}

/** Do both host names lead to the same endpoints? */
export function isSameService(a: Service, b: Service): boolean {
  return a.namespace === b.namespace && a.name === b.name && structuralEqual(a.backing, b.backing);
}

/** Does one of the patterns (exact or wildcard) cover one of the service's names? */
export function coversService(pattern: Hostname, service: Service): boolean {
  return service.spellings.some((spelling) => hostnameCovers(pattern, spelling));
}
