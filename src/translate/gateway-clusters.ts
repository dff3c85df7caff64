import type { Route, RouteAction } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { MeshView } from '../mesh/index.ts';
import { compare } from '../mesh/index.ts';
import type { ProxyScope } from '../model/index.ts';
import { gatewayListener, gatewayPorts } from './listeners/gateway.ts';
import { gatewayRouteNames, gatewayRoutes } from './routes/gateway-routes.ts';
import { outboundTarget } from './targets.ts';

/** The Envoy clusters that a gateway's listeners and routes lead to: gateways get all that they can reach. Tracked. */
export function gatewayClusters(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  const ofListeners = gatewayPorts(mesh, proxy).flatMap((port) => gatewayListener(mesh, proxy, port)?.clusters ?? []);
  const ofRoutes = gatewayRouteNames(mesh, proxy).flatMap((name) =>
    (gatewayRoutes(mesh, proxy, name)?.message.virtualHosts ?? []).flatMap(({ routes }) =>
      routes.flatMap(clustersOfRoute),
    ),
  );
  return [...new Set([...ofListeners, ...ofRoutes])]
    .filter((name) => outboundTarget(mesh, proxy.client, name) !== undefined)
    .sort(compare);
}

/** Every Envoy cluster that a route names. */
export function clustersOfRoute({ action }: Route): readonly string[] {
  return action.case === 'route' ? clustersOfAction(action.value) : [];
}

function clustersOfAction({ clusterSpecifier, requestMirrorPolicies }: RouteAction): readonly string[] {
  const mirrors = requestMirrorPolicies.map(({ cluster }) => cluster);
  switch (clusterSpecifier.case) {
    case 'cluster':
      return [clusterSpecifier.value, ...mirrors];
    case 'weightedClusters':
      return [...clusterSpecifier.value.clusters.map(({ name }) => name), ...mirrors];
    default:
      return mirrors;
  }
}
