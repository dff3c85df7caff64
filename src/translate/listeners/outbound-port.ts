import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
  VhdsSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import {
  adsSource,
  durationFromMs,
  earlyHeader,
  httpInspector,
  onDemandFilter,
  prefixRange,
  socketAddress,
  tlsInspector,
} from '../../envoy/index.ts';
import type { CalledPort, MeshView } from '../../mesh/index.ts';
import type { ClientScope } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { addressClusterFormat, DESTINATION_HEADER, outboundPortName } from '../names.ts';
import { PLAIN_HTTP_ALPN } from '../tls.ts';
import { accessLogs, connectionManager, REFUSED_HEADER, routeFilters } from './connection-manager.ts';
import type { Chain, Match } from './inbound-chains.ts';
import { ON_DEMAND_TIMEOUT_MS, outsideOf, streamByAddress, streamTo } from './outbound-streams.ts';

/** The ports whose connections must be looked into before it is known what becomes of them. Tracked. */
export function outboundPorts(mesh: MeshView): readonly number[] {
  return mesh.calledPorts
    .all()
    .filter(isHttpPort)
    .map(({ number }) => number);
}

function isHttpPort({ protocols }: CalledPort): boolean {
  return ['http', 'http2', 'grpc', 'auto'].some((protocol) => protocols.has(protocol as never));
}

/**
 * Calls to one port, whatever the address: HTTP is routed by its Host, all else goes by the address. It is handed
 * connections by `virtualOutbound` and binds nothing.
 */
export function outboundPortListener(mesh: MeshView, client: ClientScope, number: number): Built<Listener> | undefined {
  const port = mesh.calledPorts.of(number);
  if (!port || !isHttpPort(port)) return undefined;
  const outside = outsideOf(mesh, client);
  const inMesh = { prefixRanges: mesh.blocks.all().map(prefixRange) };
  const message = create(ListenerSchema, {
    name: outboundPortName(number),
    address: socketAddress('0.0.0.0', number),
    additionalAddresses: [{ address: socketAddress('::', number) }],
    bindToPort: false,
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: [tlsInspector(), httpInspector()],
    // However late its first byte comes, HTTP is routed by its rules (Istio: protocolDetectionTimeout 0s).
    listenerFiltersTimeout: durationFromMs(0),
    filterChains: [
      httpChain('mesh.http', inMesh, httpFilters(mesh, number, addressClusterFormat('http'))),
      httpChain('outside.http', {}, httpFilters(mesh, number, outside)),
      {
        name: 'mesh.tcp',
        filterChainMatch: { ...inMesh, transportProtocol: 'raw_buffer' },
        filters: streamByAddress(mesh),
      },
      { name: 'mesh.tls', filterChainMatch: { ...inMesh, transportProtocol: 'tls' }, filters: streamByAddress(mesh) },
    ],
    defaultFilterChain: { name: 'outside', filters: streamTo(mesh, [{ cluster: outside, weight: 1 }]) },
  });
  return { message, origins: [] };
}

function httpChain(name: string, match: Match, filters: Filter[]): Chain {
  const filterChainMatch = { ...match, transportProtocol: 'raw_buffer', applicationProtocols: [...PLAIN_HTTP_ALPN] };
  return { name, filterChainMatch, filters };
}

/** @param destination the cluster for requests whose host says nothing; an Envoy format. */
function httpFilters(mesh: MeshView, port: number, destination: string): Filter[] {
  const manager = connectionManager({
    statPrefix: `outbound_0.0.0.0_${port}`,
    routeSpecifier: { case: 'rds', value: { configSource: adsSource(), routeConfigName: String(port) } },
    earlyHeaderMutationExtensions: [earlyHeader(DESTINATION_HEADER, destination)],
    httpFilters: [onDemandFilter(ON_DEMAND_TIMEOUT_MS), ...routeFilters()],
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return [manager];
}

/**
 * How long a route configuration waits for virtual hosts before it is used without, in milliseconds: it has none until
 * somebody calls a host. Envoy asks for them without a name only once per stream, so that a later port would get no answer.
 */
const NO_HOSTS_YET_MS = 1;

/** The routes of a port: empty, every host comes on demand as `<port>/<host>`. Tracked. */
export function outboundPortRoutes(mesh: MeshView, number: number): Built<RouteConfiguration> | undefined {
  const port = mesh.calledPorts.of(number);
  if (!port || !isHttpPort(port)) return undefined;
  const message = create(RouteConfigurationSchema, {
    name: String(number),
    vhds: create(VhdsSchema, { configSource: adsSource(NO_HOSTS_YET_MS) }),
    validateClusters: false,
    requestHeadersToRemove: [DESTINATION_HEADER],
    responseHeadersToRemove: [REFUSED_HEADER],
  });
  return { message, origins: [] };
}
