import type { Subset, TrafficPolicy } from '../config/index.ts';
import type { Index } from '../graph/index.ts';
import {
  type ClusterId,
  type Hostname,
  isWildcard,
  type ObjectRef,
  parseHostname,
  type Service,
} from '../model/index.ts';
import { type HostResolution, isSameService } from './host-resolution.ts';
import { byAge, compare, type MeshObject, type ObjectTables } from './objects.ts';
import type { PolicySubject } from './policies.ts';
import { selects } from './selector.ts';
import { fullName } from './services.ts';
import { isExportedTo } from './visibility.ts';

export type VirtualService = MeshObject<'VirtualService'>;
export type DestinationRule = MeshObject<'DestinationRule'>;

/** The gateway name that stands for all sidecars (Istio). */
export const MESH_GATEWAY = 'mesh';

/** A host without a dot is a service of the object's own namespace (Istio: short names). */
export function expandShortName(host: string, namespace: string): Hostname {
  const name = parseHostname(host);
  return name.includes('.') || name.startsWith('*') ? name : fullName(name, namespace);
}

/** What DestinationRules say of a service to one client. */
export interface DestinationSettings {
  readonly policy: TrafficPolicy | undefined;
  readonly subsets: readonly Subset[];
  readonly origins: readonly ObjectRef[];
}

const NO_SETTINGS: DestinationSettings = { policy: undefined, subsets: [], origins: [] };

/** Which part of a VirtualService routes the traffic in question. */
export type RoutePart = 'http' | 'tls' | 'tcp';

/** VirtualServices and DestinationRules of the configuration cluster, by the hosts they speak of. */
export class TrafficRules {
  private readonly virtualServices: Index<VirtualService>;
  private readonly destinationRules: Index<DestinationRule>;
  private readonly byGateway: Index<VirtualService>;
  private readonly withStreams: Index<VirtualService>;
  private readonly tables: ObjectTables;
  private readonly home: ClusterId;
  private readonly rootNamespace: string;
  private readonly hosts: HostResolution;

  constructor(
    tables: ObjectTables,
    options: { readonly home: ClusterId; readonly rootNamespace: string; readonly hosts: HostResolution },
  ) {
    const { home, rootNamespace, hosts } = options;
    this.tables = tables;
    this.home = home;
    this.rootNamespace = rootNamespace;
    this.hosts = hosts;
    this.virtualServices = tables.VirtualService.all.index('VirtualService by host', ({ spec, meta, ref }) =>
      ref.cluster === home && appliesToMesh(spec.gateways)
        ? unique((spec.hosts ?? []).map((host) => expandShortName(host, meta.namespace)))
        : [],
    );
    this.withStreams = tables.VirtualService.all.index('VirtualService with streams', ({ spec, ref }) =>
      ref.cluster === home && appliesToMesh(spec.gateways)
        ? (['tls', 'tcp'] as const).filter((part) => (spec[part]?.length ?? 0) > 0)
        : [],
    );
    this.byGateway = tables.VirtualService.all.index('VirtualService by gateway', ({ spec, meta, ref }) =>
      ref.cluster === home ? unique((spec.gateways ?? []).map((name) => gatewayKey(name, meta.namespace))) : [],
    );
    this.destinationRules = tables.DestinationRule.all.index('DestinationRule by host', ({ spec, meta, ref }) =>
      ref.cluster === home && spec.host ? [expandShortName(spec.host, meta.namespace)] : [],
    );
  }

  /**
   * The VirtualService that routes a host for sidecars of a namespace: an exact host before a longer wildcard before
   * a shorter; of equals the client's own namespace first, then the oldest (Istio merges only on gateways). Tracked.
   */
  virtualService(
    namespace: string,
    called: { readonly host: Hostname; readonly service: Service | undefined; readonly part: RoutePart },
  ): VirtualService | undefined {
    const { host, service, part } = called;
    const foreign = ({ meta }: VirtualService): number => (meta.namespace === namespace ? 0 : 1);
    for (const name of withWildcards(unique([host, expandShortName(host, namespace), ...(service?.spellings ?? [])]))) {
      const [found] = this.virtualServices
        .get(name)
        .filter(({ spec, meta }) => isExportedTo(spec.exportTo, meta.namespace, namespace))
        .filter((rule) => (rule.spec[part]?.length ?? 0) > 0 && this.speaksOf(rule, name, service))
        .toSorted((a, b) => foreign(a) - foreign(b) || byAge(a, b));
      if (found) return found;
    }
    return undefined;
  }

  /** VirtualServices bound to a Gateway (`namespace/name`), oldest first. Tracked. */
  ofGateway(gateway: string): readonly VirtualService[] {
    return this.byGateway.get(gateway).toSorted(byAge);
  }

  /** The VirtualServices that route bytes or TLS for sidecars of a namespace, oldest first. Tracked. */
  streams(namespace: string, part: 'tls' | 'tcp'): readonly VirtualService[] {
    return this.withStreams
      .get(part)
      .filter(({ spec, meta }) => isExportedTo(spec.exportTo, meta.namespace, namespace))
      .toSorted(byAge);
  }

  /** The routes that another VirtualService delegates to (`namespace/name`). Tracked. */
  delegate(namespace: string, name: string): VirtualService | undefined {
    return this.tables.VirtualService.byNamespace
      .get(`${this.home}/${namespace}`)
      .find(({ meta }) => meta.name === name);
  }

  /**
   * What holds for a service as a client sees it: looked for in the client's namespace, then the service's, then the root
   * namespace; rules that select the client's workload go before others; of several the oldest policy holds and all
   * subsets count (Istio). Tracked.
   */
  destination(client: PolicySubject, service: Service): DestinationSettings {
    const places = unique([client.namespace, service.namespace, this.rootNamespace]);
    const names = withWildcards(service.spellings);
    for (const place of places) {
      for (const name of names) {
        const found = this.destinationRules
          .get(name)
          .filter(({ meta, spec }) => meta.namespace === place && isExportedTo(spec.exportTo, place, client.namespace))
          .filter((rule) => selectsClient(rule, client) && this.speaksOf(rule, name, service))
          .toSorted(byAge);
        const special = found.filter(({ spec }) => spec.workloadSelector !== undefined);
        if (found.length > 0) return merged(special.length > 0 ? special : found);
      }
    }
    return NO_SETTINGS;
  }

  /** `service.cluster2` may be another service in the rule's namespace than in the client's; rules mean their own. */
  private speaksOf(rule: VirtualService | DestinationRule, name: Hostname, service: Service | undefined): boolean {
    if (!service || isWildcard(name)) return true;
    const meant = this.hosts.resolve(rule.meta.namespace, name);
    return meant === undefined || isSameService(meant, service);
  }
}

function selectsClient({ spec, meta }: DestinationRule, client: PolicySubject): boolean {
  if (spec.workloadSelector === undefined) return true;
  return meta.namespace === client.namespace && selects(spec.workloadSelector.matchLabels, client.labels);
}

function merged(rules: readonly DestinationRule[]): DestinationSettings {
  const subsets = new Map<string, Subset>();
  for (const subset of rules.flatMap(({ spec }) => spec.subsets ?? [])) {
    if (!subsets.has(subset.name)) subsets.set(subset.name, subset);
  }
  return {
    policy: rules.find(({ spec }) => spec.trafficPolicy !== undefined)?.spec.trafficPolicy,
    subsets: [...subsets.values()],
    origins: rules.map(({ ref }) => ref),
  };
}

function appliesToMesh(gateways: readonly string[] | undefined): boolean {
  return !gateways || gateways.length === 0 || gateways.includes(MESH_GATEWAY);
}

/** Does a rule speak to sidecars and to no gateway? */
export function isMeshOnly(gateways: readonly string[] | undefined): boolean {
  return (gateways ?? []).every((gateway) => gateway === MESH_GATEWAY);
}

/** A Gateway as a VirtualService names it: `name` of its own namespace, or `namespace/name`. */
export function gatewayKey(name: string, namespace: string): string {
  return name.includes('/') || name === MESH_GATEWAY ? name : `${namespace}/${name}`;
}

/** The names, then every wildcard that covers one of them, longest first. */
function withWildcards(names: readonly Hostname[]): readonly Hostname[] {
  const wildcards = new Set<Hostname>();
  for (const host of names) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      wildcards.add(`*${host.slice(dot)}` as Hostname);
    }
  }
  return [...names, ...[...wildcards].sort((a, b) => b.length - a.length || compare(a, b)), '*' as Hostname];
}

function unique<T extends string>(names: readonly T[]): readonly T[] {
  return [...new Set(names)];
}
