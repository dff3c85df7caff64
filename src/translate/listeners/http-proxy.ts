import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { OnDemandSchema } from '../../envoy/gen/envoy/extensions/filters/http/on_demand/v3/on_demand_pb.ts';
import { pack } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { socketAddress } from '../endpoints.ts';
import { ads, duration } from '../envoy-types.ts';
import { HTTP_PROXY_ROUTES, listenerName } from '../names.ts';
import { accessLogs, connectionManager, httpFilter, routeFilters } from './connection-manager.ts';

/** How long a first request waits for its virtual host's cluster, in milliseconds. */
const ON_DEMAND_TIMEOUT_MS = 5_000;

/**
 * Where a workload's own calls come in: absolute-form requests and CONNECT (RFC 9112, section 3.2). What it calls is
 * asked for when it is called: virtual hosts by VHDS, clusters by ODCDS.
 */
export function httpProxyListener(mesh: MeshView, bind: SocketAddress): Built<Listener> {
  const onDemand = pack(OnDemandSchema, { odcds: { source: ads(), timeout: duration(ON_DEMAND_TIMEOUT_MS) } });
  const message = create(ListenerSchema, {
    name: listenerName(bind),
    address: socketAddress(bind.address, bind.port),
    trafficDirection: TrafficDirection.OUTBOUND,
    filterChains: [
      {
        filters: [
          connectionManager({
            statPrefix: 'outbound_http_proxy',
            routeSpecifier: { case: 'rds', value: { configSource: ads(), routeConfigName: HTTP_PROXY_ROUTES } },
            httpFilters: [httpFilter('envoy.filters.http.on_demand', onDemand), ...routeFilters()],
            upgradeConfigs: [{ upgradeType: 'websocket' }, { upgradeType: 'CONNECT' }],
            httpProtocolOptions: { allowAbsoluteUrl: true },
            accessLog: accessLogs(mesh.config.accessLogFile),
          }),
        ],
      },
    ],
  });
  return { message, origins: [] };
}

/** The route configuration behind it: empty, everything comes on demand. */
export function httpProxyRoutes(): Built<RouteConfiguration> {
  const message = create(RouteConfigurationSchema, {
    name: HTTP_PROXY_ROUTES,
    vhds: { configSource: ads() },
    validateClusters: false,
  });
  return { message, origins: [] };
}
