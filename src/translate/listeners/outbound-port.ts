import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import {
  type RouteConfiguration,
  RouteConfigurationSchema,
  VhdsSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import type { HttpFilter } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
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
import { type ClientScope, isHttp } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { forwardProxyFilter, resolvesOutside } from '../clusters/forward-proxy.ts';
import { addressClusterFormat, DESTINATION_HEADER, DYNAMIC_DNS_CLUSTER, outboundPortName } from '../names.ts';
import { PLAIN_HTTP_ALPN } from '../tls.ts';
import { accessLogs, connectionManager, REFUSED_HEADER, routeFilters } from './connection-manager.ts';
import type { Chain, Match } from './inbound-chains.ts';
import { readsServerNames, type SniChain, sniChains } from './outbound-sni.ts';
import { meshChains, ON_DEMAND_TIMEOUT_MS, outsideOf, streamTo } from './outbound-streams.ts';

/** The ports that may speak HTTP, so that their routes come on demand. Tracked. */
export function outboundPorts(mesh: MeshView): readonly number[] {
  return mesh.calledPorts
    .all()
    .filter(speaksHttp)
    .map(({ number }) => number);
}

/** The ports whose connections must be looked into before it is known what becomes of them. Tracked. */
export function listenedPorts(mesh: MeshView, client: ClientScope): readonly number[] {
  const ports = mesh.calledPorts.all();
  return ports
    .filter((port) => speaksHttp(port) || readsServerNames(mesh, client, port.number))
    .map(({ number }) => number);
}

function speaksHttp({ protocols }: CalledPort): boolean {
  return protocols.some((protocol) => isHttp(protocol) || protocol === 'auto');
}

/**
 * Where no HTTP is spoken the first bytes are waited for so long, in milliseconds; then the address decides. Where it is,
 * they are waited for without end: however late, HTTP is routed by its rules (Istio: protocolDetectionTimeout 0s).
 */
const SERVER_NAME_TIMEOUT_MS = 5_000;

/**
 * Calls to one port, whatever the address: HTTP is routed by its Host, TLS by its server name where some object says so,
 * all else by the address. It is handed connections by `virtualOutbound` and binds nothing. Tracked.
 */
export function outboundPortListener(mesh: MeshView, client: ClientScope, number: number): Built<Listener> | undefined {
  const port = mesh.calledPorts.of(number);
  const http = port !== undefined && speaksHttp(port);
  if (!port || !(http || readsServerNames(mesh, client, number))) return undefined;
  const outside = outsideOf(mesh, client);
  const within: Match = { prefixRanges: mesh.blocks.all().map(prefixRange) };
  const byName = sniChains(mesh, client, number);
  const message = create(ListenerSchema, {
    name: outboundPortName(number),
    address: socketAddress('0.0.0.0', number),
    additionalAddresses: [{ address: socketAddress('::', number) }],
    bindToPort: false,
    trafficDirection: TrafficDirection.OUTBOUND,
    listenerFilters: [tlsInspector(), ...(http ? [httpInspector()] : [])],
    listenerFiltersTimeout: durationFromMs(http ? 0 : SERVER_NAME_TIMEOUT_MS),
    continueOnListenerFiltersTimeout: true,
    filterChains: [
      ...(http ? httpChains(mesh, client, { number, within, outside }) : []),
      ...byName.map((chain) => tlsChain(`mesh.${chain.name}`, within, chain)),
      ...byName.map((chain) => tlsChain(chain.name, {}, chain)),
      ...meshChains(mesh, 'mesh.tcp', { transportProtocol: 'raw_buffer' }),
      ...(byName.some(({ serverNames }) => serverNames.length === 0)
        ? []
        : meshChains(mesh, 'mesh.tls', { transportProtocol: 'tls' })),
    ],
    defaultFilterChain: { name: 'outside', filters: streamTo(mesh, [{ cluster: outside, weight: 1 }]) },
  });
  return { message, origins: byName.flatMap(({ origins }) => origins) };
}

/** Envoy looks no further once an address has matched, so both sides of the mesh's border have their chain. */
function httpChains(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly number: number; readonly within: Match; readonly outside: string },
): readonly Chain[] {
  const { number, within, outside } = of;
  return [
    httpChain('mesh.http', within, httpFilters(mesh, number, { destination: addressClusterFormat('http') })),
    httpChain('outside.http', {}, outsideHttp(mesh, client, { number, outside })),
  ];
}

function outsideHttp(
  mesh: MeshView,
  client: ClientScope,
  { number, outside }: { readonly number: number; readonly outside: string },
): Filter[] {
  return resolvesOutside(mesh, client)
    ? httpFilters(mesh, number, { destination: DYNAMIC_DNS_CLUSTER, beforeRouter: [forwardProxyFilter()] })
    : httpFilters(mesh, number, { destination: outside });
}

function tlsChain(name: string, match: Match, { serverNames, filters }: SniChain): Chain {
  return { name, filterChainMatch: { ...match, transportProtocol: 'tls', serverNames: [...serverNames] }, filters };
}

export function httpChain(name: string, match: Match, filters: Filter[]): Chain {
  const filterChainMatch = { ...match, transportProtocol: 'raw_buffer', applicationProtocols: [...PLAIN_HTTP_ALPN] };
  return { name, filterChainMatch, filters };
}

/** What a port's requests go through. */
interface HttpUse {
  /** The cluster for requests whose host says nothing; an Envoy format. */
  readonly destination: string;
  readonly beforeRouter?: readonly HttpFilter[];
}

export function httpFilters(mesh: MeshView, port: number, { destination, beforeRouter = [] }: HttpUse): Filter[] {
  const manager = connectionManager({
    statPrefix: `outbound_0.0.0.0_${port}`,
    routeSpecifier: { case: 'rds', value: { configSource: adsSource(), routeConfigName: String(port) } },
    earlyHeaderMutationExtensions: [earlyHeader(DESTINATION_HEADER, destination)],
    httpFilters: [onDemandFilter(ON_DEMAND_TIMEOUT_MS), ...routeFilters(beforeRouter)],
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return [manager];
}

/** The routes of a port: empty, every host comes on demand as `<port>/<host>`. Tracked. */
export function outboundPortRoutes(mesh: MeshView, number: number): Built<RouteConfiguration> | undefined {
  const port = mesh.calledPorts.of(number);
  if (!port || !speaksHttp(port)) return undefined;
  const message = create(RouteConfigurationSchema, {
    name: String(number),
    vhds: create(VhdsSchema, { configSource: adsSource() }),
    validateClusters: false,
    requestHeadersToRemove: [DESTINATION_HEADER],
    responseHeadersToRemove: [REFUSED_HEADER],
  });
  return { message, origins: [] };
}
