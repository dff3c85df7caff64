import { gatewayClusters } from '../gateway-clusters.ts';
import { gatewayListener, gatewayPorts } from '../listeners/gateway.ts';
import { gatewayListenerName, parseGatewayListenerName } from '../listeners/gateway-servers.ts';
import { BLACK_HOLE_CLUSTER } from '../names.ts';
import { gatewayRoutes } from '../routes/gateway-routes.ts';
import type { Role } from './role.ts';

/** Gateways are given all that their Gateway objects lead to. */
export const GATEWAY: Role = {
  listeners: (mesh, proxy) => gatewayPorts(mesh, proxy).map(gatewayListenerName),
  listener(mesh, proxy, name) {
    const port = parseGatewayListenerName(name);
    return port === undefined ? undefined : gatewayListener(mesh, proxy, port);
  },
  clusters: (mesh, proxy) => [...new Set([BLACK_HOLE_CLUSTER, ...gatewayClusters(mesh, proxy)])],
  cluster: () => undefined,
  routes: gatewayRoutes,
  onDemandRoutes: () => [],
  isShared: () => false,
};
