import type { Index } from '../graph/index.ts';
import {
  type ClusterId,
  type Hostname,
  hostnameCovers,
  isWildcard,
  parseHostname,
  type Service,
} from '../model/index.ts';
import { byAge, compare, type MeshObject, type ObjectTables } from './objects.ts';
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

/** VirtualServices and DestinationRules of the configuration cluster, by the hosts they speak of. */
export class TrafficRules {
  private readonly virtualServices: Index<VirtualService>;
  private readonly destinationRules: Index<DestinationRule>;
  private readonly byGateway: Index<VirtualService>;

  constructor(tables: ObjectTables, home: ClusterId) {
    this.virtualServices = tables.VirtualService.all.index('VirtualService by host', ({ spec, meta, ref }) =>
      ref.cluster === home && appliesToMesh(spec.gateways)
        ? (spec.hosts ?? []).map((host) => expandShortName(host, meta.namespace))
        : [],
    );
    this.byGateway = tables.VirtualService.all.index('VirtualService by gateway', ({ spec, meta, ref }) =>
      ref.cluster === home ? (spec.gateways ?? []).map((name) => gatewayKey(name, meta.namespace)) : [],
    );
    this.destinationRules = tables.DestinationRule.all.index('DestinationRule by host', ({ spec, meta, ref }) =>
      ref.cluster === home && spec.host ? [expandShortName(spec.host, meta.namespace)] : [],
    );
  }

  /**
   * The VirtualService that routes a host for sidecars of a namespace: an exact host before a longer wildcard before
   * a shorter; of equals the client's own namespace first, then the oldest (Istio merges only on gateways). Tracked.
   */
  virtualService(namespace: string, spellings: readonly Hostname[]): VirtualService | undefined {
    for (const host of withWildcards(spellings)) {
      const found = this.virtualServices
        .get(host)
        .filter(({ spec, meta }) => isExportedTo(spec.exportTo, meta.namespace, namespace));
      if (found.length > 0) return preferNamespace(found, namespace)[0];
    }
    return undefined;
  }

  /** VirtualServices bound to a Gateway (`namespace/name`), oldest first. Tracked. */
  ofGateway(gateway: string): readonly VirtualService[] {
    return this.byGateway.get(gateway).toSorted(byAge);
  }

  /** Hosts that VirtualServices for sidecars name and a namespace may see; wildcards are left out. Tracked. */
  meshHosts(namespace: string): readonly Hostname[] {
    return (this.virtualServices.keys() as readonly Hostname[]).filter(
      (host) => !isWildcard(host) && this.virtualService(namespace, [host]) !== undefined,
    );
  }

  /**
   * The DestinationRules for a service as a client sees it, most important first; later ones only add subsets.
   * Looked for in the client's namespace, then the service's, then the root namespace (Istio). Tracked.
   */
  destinationRulesOf(namespace: string, service: Service, rootNamespace: string): readonly DestinationRule[] {
    const places = [...new Set([namespace, service.namespace, rootNamespace])];
    const hosts = withWildcards(service.spellings);
    for (const place of places) {
      for (const host of hosts) {
        const found = this.destinationRules
          .get(host)
          .filter(({ meta, spec }) => meta.namespace === place && isExportedTo(spec.exportTo, place, namespace));
        if (found.length > 0) return found.toSorted(byAge);
      }
    }
    return [];
  }
}

function appliesToMesh(gateways: readonly string[] | undefined): boolean {
  return !gateways || gateways.length === 0 || gateways.includes(MESH_GATEWAY);
}

/** A Gateway as a VirtualService names it: `name` of its own namespace, or `namespace/name`. */
export function gatewayKey(name: string, namespace: string): string {
  return name.includes('/') || name === MESH_GATEWAY ? name : `${namespace}/${name}`;
}

function preferNamespace<T extends VirtualService>(objects: readonly T[], namespace: string): readonly T[] {
  const foreign = (object: T): number => (object.meta.namespace === namespace ? 0 : 1);
  return objects.toSorted((a, b) => foreign(a) - foreign(b) || byAge(a, b));
}

/** The spellings, then every wildcard that covers one of them, longest first. */
function withWildcards(spellings: readonly Hostname[]): readonly Hostname[] {
  const wildcards = new Set<Hostname>();
  for (const host of spellings) {
    for (let dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
      wildcards.add(`*${host.slice(dot)}` as Hostname);
    }
  }
  return [...spellings, ...[...wildcards].sort((a, b) => b.length - a.length || compare(a, b)), '*' as Hostname];
}

/** Does the VirtualService speak of this host, exactly or by a wildcard? */
export function namesHost(rule: VirtualService, host: Hostname): boolean {
  return (rule.spec.hosts ?? []).some((own) => hostnameCovers(expandShortName(own, rule.meta.namespace), host));
}
