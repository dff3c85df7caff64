import type { Destination } from '../../config/index.ts';
import { formatClusterName } from '../../envoy/index.ts';
import { expandShortName, isSameService, type MeshView, type VirtualService } from '../../mesh/index.ts';
import { type ClientScope, type Hostname, parseHostname, type Service } from '../../model/index.ts';

/** Who asks for the routes of a VirtualService, and by what way. */
export interface RouteContext {
  readonly client: ClientScope;
  /** The port that the request is for. */
  readonly port: number;
  /** `mesh`, or the Gateway (`namespace/name`) that the request came in by. */
  readonly gateway: string;
}

/**
 * The Envoy cluster of a destination. Hosts mean what they mean to the VirtualService's own namespace (Istio: short names),
 * so where the client's namespace would understand another service by it, a longer name is taken. A destination that no
 * service answers to keeps its name, as in Istio: there is no such cluster, and requests fail with 503. Tracked.
 */
export function destinationCluster(
  mesh: MeshView,
  rule: VirtualService,
  of: { readonly context: RouteContext; readonly destination: Destination },
): string {
  const { context, destination } = of;
  const { namespace } = rule.meta;
  const service = mesh.hosts.resolve(namespace, parseHostname(destination.host));
  const only = service?.ports.length === 1 ? service.ports[0]?.number : undefined;
  return formatClusterName({
    direction: 'outbound',
    port: destination.port?.number ?? only ?? context.port,
    subset: destination.subset ?? '',
    hostname: service ? spellingFor(mesh, context.client, service) : expandShortName(destination.host, namespace),
  });
}

function spellingFor(mesh: MeshView, client: ClientScope, service: Service): Hostname {
  const meansIt = (spelling: Hostname): boolean => {
    const meant = mesh.hosts.resolve(client.namespace, spelling);
    return meant !== undefined && isSameService(meant, service);
  };
  return service.spellings.find(meansIt) ?? service.hostname;
}

/** An Envoy cluster and its part of the traffic. */
export interface DestinationShare {
  readonly cluster: string;
  readonly weight: number;
}

/** Those that get any; a single destination gets all, whatever its weight (Istio). Tracked. */
export function destinationShares(
  mesh: MeshView,
  rule: VirtualService,
  of: {
    readonly context: RouteContext;
    readonly destinations: readonly { readonly destination: Destination; readonly weight?: number }[];
  },
): readonly DestinationShare[] {
  const { context, destinations } = of;
  const weighted = destinations.length > 1 ? destinations.filter(({ weight = 0 }) => weight > 0) : destinations;
  return weighted.map(({ destination, weight = 0 }) => ({
    cluster: destinationCluster(mesh, rule, { context, destination }),
    weight: Math.max(weight, 1),
  }));
}
