import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
  VhdsSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { adsSource, onDemandFilter, socketAddress } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ProxyScope, SocketAddress } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { allowsOutside, forwardProxyFilter } from '../clusters/forward-proxy.ts';
import { HTTP_PROXY_ROUTES, listenerName } from '../names.ts';
import { accessLogs, connectionManager, REFUSED_HEADER, routeFilters } from './connection-manager.ts';

/** How long a first request waits for its virtual host's cluster, in milliseconds. */
const ON_DEMAND_TIMEOUT_MS = 5_000;

/**
 * Where a workload's own calls come in: absolute-form requests and CONNECT (RFC 9112, section 3.2). What it calls is
 * asked for when it is called: virtual hosts by VHDS, clusters by ODCDS.
 */
export function httpProxyListener(mesh: MeshView, proxy: ProxyScope, bind: SocketAddress): Built<Listener> {
  const outside = allowsOutside(mesh, proxy.client) ? [forwardProxyFilter()] : [];
  const manager = connectionManager({
    statPrefix: 'outbound_http_proxy',
    routeSpecifier: { case: 'rds', value: { configSource: adsSource(), routeConfigName: HTTP_PROXY_ROUTES } },
    httpFilters: [onDemandFilter(ON_DEMAND_TIMEOUT_MS), ...routeFilters(outside)],
    upgradeConfigs: [{ upgradeType: 'websocket' }, { upgradeType: 'CONNECT' }],
    httpProtocolOptions: { allowAbsoluteUrl: true },
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  const message = create(ListenerSchema, {
    name: listenerName(bind),
    address: socketAddress(bind.address, bind.port),
    trafficDirection: TrafficDirection.OUTBOUND,
    filterChains: [{ filters: [manager] }],
  });
  return { message, origins: [] };
}

/** The route configuration behind it: empty, everything comes on demand. */
export function httpProxyRoutes(): Built<RouteConfiguration> {
  const message = create(RouteConfigurationSchema, {
    name: HTTP_PROXY_ROUTES,
    vhds: create(VhdsSchema, { configSource: adsSource() }),
    validateClusters: false,
    responseHeadersToRemove: [REFUSED_HEADER],
  });
  return { message, origins: [] };
}
