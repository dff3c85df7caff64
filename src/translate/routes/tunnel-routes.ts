import { durationFromMs } from '../../envoy/index.ts';
import { MESH_GATEWAY, type MeshView } from '../../mesh/index.ts';
import type { ClientScope, Hostname, ObjectRef, Service } from '../../model/index.ts';
import { serviceClusterName } from '../targets.ts';
import { type DestinationShare, destinationShares } from './destinations.ts';
import type { RouteInit } from './http-routes.ts';
import type { Called } from './on-demand-host.ts';
import { ruleFor } from './rule-for.ts';
import { tcpRoute, tlsRoutes } from './stream-routes.ts';

export interface FoundRoutes {
  readonly routes: readonly RouteInit[];
  readonly origins: readonly ObjectRef[];
}

/** CONNECT, for everything that is no plain HTTP (https, TCP): the tunnel's bytes go where TLS and TCP routes say. */
export function tunnelRoutes(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly called: Called; readonly service: Service | undefined },
): FoundRoutes {
  const { called, service } = of;
  const { host, port } = called;
  const context = { client, port, gateway: MESH_GATEWAY };
  for (const part of ['tls', 'tcp'] as const) {
    const rule = ruleFor(mesh, client, { host, service, part });
    if (!rule) continue;
    const names = [host, ...(service?.spellings ?? [])];
    const [bySni] =
      part === 'tls'
        ? tlsRoutes(rule, context, ['*' as Hostname]).filter(({ sniHosts }) => covers(sniHosts, names))
        : [];
    const route = part === 'tls' ? bySni?.route : tcpRoute(rule, context);
    if (!route) continue;
    const shares = destinationShares(mesh, rule, { context, destinations: route.route ?? [] });
    if (shares.length > 0) return { routes: [connectRoute(shares)], origins: [rule.ref] };
  }
  const known = service?.ports.find(({ number, protocol }) => number === port && protocol !== 'udp');
  if (!service || !known) return { routes: [], origins: [] };
  return { routes: [connectRoute([{ cluster: serviceClusterName(service, port), weight: 1 }])], origins: [] };
}

function covers(patterns: readonly Hostname[], names: readonly Hostname[]): boolean {
  return patterns.some((pattern) =>
    names.some((name) => pattern === name || (pattern.startsWith('*') && name.endsWith(pattern.slice(1)))),
  );
}

export function connectRoute(shares: readonly DestinationShare[]): RouteInit {
  const [first] = shares;
  return {
    name: 'connect',
    match: { pathSpecifier: { case: 'connectMatcher', value: {} } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier:
          shares.length > 1
            ? {
                case: 'weightedClusters',
                value: { clusters: shares.map(({ cluster, weight }) => ({ name: cluster, weight })) },
              }
            : { case: 'cluster', value: first?.cluster ?? '' },
        timeout: durationFromMs(0),
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
  };
}
