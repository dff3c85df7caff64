import type { TransportSocket } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { adsSource, tcpClusterFromFormat, tcpOnDemand, tcpProxy } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ObjectRef, ProxyScope } from '../../model/index.ts';
import { authorizationFilters } from '../authorization/index.ts';
import { BLACK_HOLE_CLUSTER, passthroughName } from '../names.ts';
import { type DestinationShare, destinationShares } from '../routes/destinations.ts';
import { tcpRoute, tlsRoutes } from '../routes/stream-routes.ts';
import { gatewayTls } from '../tls.ts';
import { accessLogs, clientCertificateHeaders, connectionManager, routeFilters } from './connection-manager.ts';
import { boundRules, type GatewayServer, gatewayNameOf, gatewayRoutesName, serverNames } from './gateway-servers.ts';

/** A filter chain of a gateway's listener. */
export interface GatewayChain {
  readonly name: string;
  /** Which connections: plain text, or TLS for these server names (none: all). */
  readonly match: 'plain' | readonly string[];
  readonly filters: readonly Filter[];
  readonly transportSocket?: TransportSocket;
  /** Envoy clusters that the filters name. */
  readonly clusters: readonly string[];
  readonly origins: readonly ObjectRef[];
}

/** How long the first connection for an SNI waits for its cluster, in milliseconds. */
const ON_DEMAND_TIMEOUT_MS = 5_000;

/** The filter chains of one server. Tracked. */
export function serverChains(mesh: MeshView, proxy: ProxyScope, server: GatewayServer): readonly GatewayChain[] {
  switch (server.kind) {
    case 'http':
      return [httpChain(mesh, proxy, server)];
    case 'https':
      return [endingTls(server, ['h2', 'http/1.1'], httpChain(mesh, proxy, server))];
    case 'tls':
      return tcpChains(mesh, proxy, server).map((chain) => endingTls(server, [], chain));
    case 'tcp':
      return tcpChains(mesh, proxy, server);
    case 'passthrough':
      return passthroughChains(mesh, proxy, server);
    case 'auto-passthrough':
      return [autoPassthroughChain(server)];
  }
}

function httpChain(mesh: MeshView, proxy: ProxyScope, server: GatewayServer): GatewayChain {
  const authorization = authorizationFilters(mesh, proxy.client, server.port);
  const routeConfigName = gatewayRoutesName(server);
  const manager = connectionManager({
    statPrefix: `outbound_0.0.0.0_${server.port}`,
    routeSpecifier: { case: 'rds', value: { configSource: adsSource(), routeConfigName } },
    httpFilters: [...authorization.http, ...routeFilters()],
    useRemoteAddress: true,
    ...clientCertificateHeaders('replace'),
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  const origins = [server.gateway.ref, ...authorization.origins];
  return { name: routeConfigName, match: 'plain', filters: [manager], clusters: [], origins };
}

function endingTls({ server, ...rest }: GatewayServer, alpn: readonly string[], chain: GatewayChain): GatewayChain {
  if (!server.tls) return chain;
  return { ...chain, match: serverNames({ server, ...rest }), transportSocket: gatewayTls(server.tls, alpn) };
}

/** Bytes, to where the first TCP route for the port leads; a server without one does nothing. */
function tcpChains(mesh: MeshView, proxy: ProxyScope, server: GatewayServer): readonly GatewayChain[] {
  const context = { client: proxy.client, port: server.server.port.number, gateway: gatewayNameOf(server) };
  for (const { rule } of boundRules(mesh, proxy, server)) {
    const route = tcpRoute(rule, context);
    if (!route) continue;
    const shares = destinationShares(mesh, rule, { context, destinations: route.route ?? [] });
    return [streamChain(mesh, proxy, { server, name: `tcp.${server.port}`, match: 'plain', shares, rule: rule.ref })];
  }
  return [];
}

function passthroughChains(mesh: MeshView, proxy: ProxyScope, server: GatewayServer): readonly GatewayChain[] {
  const context = { client: proxy.client, port: server.server.port.number, gateway: gatewayNameOf(server) };
  return boundRules(mesh, proxy, server).flatMap(({ rule, hosts }) =>
    tlsRoutes(rule, context, hosts).map(({ route, sniHosts }) => {
      const shares = destinationShares(mesh, rule, { context, destinations: route.route ?? [] });
      const name = `tls.${server.port}.${sniHosts.join(',')}`;
      return streamChain(mesh, proxy, { server, name, match: sniHosts, shares, rule: rule.ref });
    }),
  );
}

function streamChain(
  mesh: MeshView,
  proxy: ProxyScope,
  of: Pick<GatewayChain, 'name' | 'match'> & {
    readonly server: GatewayServer;
    readonly shares: readonly DestinationShare[];
    readonly rule: ObjectRef;
  },
): GatewayChain {
  const { server, name, shares, rule } = of;
  const authorization = authorizationFilters(mesh, proxy.client, server.port);
  const [first] = shares;
  const match = of.match === 'plain' || !of.match.includes('*') ? of.match : [];
  const onward = tcpProxy({
    statPrefix: name,
    clusterSpecifier:
      shares.length > 1
        ? {
            case: 'weightedClusters',
            value: { clusters: shares.map(({ cluster, weight }) => ({ name: cluster, weight })) },
          }
        : { case: 'cluster', value: first?.cluster ?? BLACK_HOLE_CLUSTER },
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return {
    name,
    match,
    filters: [...authorization.network, onward],
    clusters: shares.map(({ cluster }) => cluster),
    origins: [server.gateway.ref, rule, ...authorization.origins],
  };
}

/** The SNI says which cluster; it is asked for when it is first seen, and the TLS stays closed to us. */
function autoPassthroughChain(server: GatewayServer): GatewayChain {
  const onward = tcpProxy({
    statPrefix: 'cross_network',
    clusterSpecifier: { case: 'cluster', value: BLACK_HOLE_CLUSTER },
    onDemand: tcpOnDemand(ON_DEMAND_TIMEOUT_MS),
  });
  const bySni = tcpClusterFromFormat(passthroughName('%REQUESTED_SERVER_NAME%'));
  return {
    name: 'auto-passthrough',
    match: [],
    filters: [bySni, onward],
    clusters: [BLACK_HOLE_CLUSTER],
    origins: [server.gateway.ref],
  };
}
