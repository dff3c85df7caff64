import { create } from '@bufbuild/protobuf';
import type { Server } from '../../config/index.ts';
import type { FilterChainSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { TlsInspectorSchema } from '../../envoy/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts';
import { HttpConnectionManager_ForwardClientCertDetails } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { SniClusterSchema } from '../../envoy/gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb.ts';
import { pack } from '../../envoy/index.ts';
import { compare, type Gateway, type MeshView, protocolOfText } from '../../mesh/index.ts';
import { isHttp, type ObjectRef, type ProxyScope, type SocketAddress } from '../../model/index.ts';
import { authorizationFilters } from '../authorization/index.ts';
import type { Built } from '../built.ts';
import { socketAddress } from '../endpoints.ts';
import { ads, duration, type InitOf } from '../envoy-types.ts';
import { BLACK_HOLE_CLUSTER, gatewayRoutesName } from '../names.ts';
import { accessLogs, connectionManager, routeFilters, tcpProxy } from './connection-manager.ts';

type Chain = InitOf<typeof FilterChainSchema>;

/** One server of a Gateway object, with the port its proxy really has for it. */
export interface GatewayServer {
  readonly gateway: Gateway;
  readonly server: Server;
  readonly port: number;
}

/** All servers that a gateway proxy serves, oldest Gateway first. Tracked. */
export function gatewayServers(mesh: MeshView, proxy: ProxyScope): readonly GatewayServer[] {
  return mesh.gateways.of(proxy.client).flatMap((gateway) =>
    (gateway.spec.servers ?? []).map((server) => ({
      gateway,
      server,
      port: mesh.workloads.targetPort(proxy.client.cluster, proxy.client, server.port.number),
    })),
  );
}

/** The ports of a gateway proxy that some server is on. Tracked. */
export function gatewayPorts(mesh: MeshView, proxy: ProxyScope): readonly number[] {
  return [...new Set(gatewayServers(mesh, proxy).map(({ port }) => port))].sort((a, b) => a - b);
}

/** Where a gateway proxy really listens for one of its ports. */
export function gatewayBind(proxy: ProxyScope, port: number): SocketAddress {
  return proxy.gatewayBinds.find((bind) => bind.port === port)?.bind ?? { address: proxy.address, port };
}

/** A gateway's listener's name (Istio: `0.0.0.0_8080`). */
export function gatewayListenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

export function parseGatewayListenerName(name: string): number | undefined {
  const port = /^0\.0\.0\.0_(\d{1,5})$/.exec(name)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** All that a gateway proxy does on one port: HTTP by its routes, and mesh traffic passed through by SNI. */
export function gatewayListener(mesh: MeshView, proxy: ProxyScope, port: number): Built<Listener> | undefined {
  const servers = gatewayServers(mesh, proxy).filter((server) => server.port === port);
  const chains = [passthroughChain(servers), httpChain(mesh, proxy, { port, servers })].filter(
    (chain) => chain !== undefined,
  );
  if (chains.length === 0) return undefined;
  const bind = gatewayBind(proxy, port);
  const message = create(ListenerSchema, {
    name: gatewayListenerName(port),
    address: socketAddress(bind.address, bind.port),
    listenerFilters: chains.some(({ filterChainMatch }) => filterChainMatch) ? [TLS_INSPECTOR] : [],
    listenerFiltersTimeout: duration(5_000),
    filterChains: chains.map(({ chain }) => chain),
  });
  const refs = new Map<string, ObjectRef>(servers.map(({ gateway }) => [gateway.meta.name, gateway.ref]));
  return { message, origins: [...refs].sort(([a], [b]) => compare(a, b)).map(([, ref]) => ref) };
}

const TLS_INSPECTOR = {
  name: 'envoy.filters.listener.tls_inspector',
  configType: { case: 'typedConfig' as const, value: pack(TlsInspectorSchema, {}) },
};

interface NamedChain {
  readonly filterChainMatch: boolean;
  readonly chain: Chain;
}

/** AUTO_PASSTHROUGH: the SNI says which cluster; it is asked for when it is first seen, and the TLS stays closed to us. */
function passthroughChain(servers: readonly GatewayServer[]): NamedChain | undefined {
  if (!servers.some(({ server }) => server.tls?.mode === 'AUTO_PASSTHROUGH')) return undefined;
  const sni = {
    name: 'envoy.filters.network.sni_cluster',
    configType: { case: 'typedConfig' as const, value: pack(SniClusterSchema, {}) },
  };
  const onward = tcpProxy({
    statPrefix: 'cross_network',
    clusterSpecifier: { case: 'cluster', value: BLACK_HOLE_CLUSTER },
    onDemand: { odcdsConfig: ads(), timeout: duration(5_000) },
  });
  return {
    filterChainMatch: true,
    chain: { name: 'auto-passthrough', filterChainMatch: { transportProtocol: 'tls' }, filters: [sni, onward] },
  };
}

function isPlainHttp({ server }: GatewayServer): boolean {
  const protocol = server.port.protocol.toUpperCase();
  return server.tls?.mode === undefined && (isHttp(protocolOfText(protocol)) || protocol === 'HTTP2');
}

function httpChain(
  mesh: MeshView,
  proxy: ProxyScope,
  of: { readonly port: number; readonly servers: readonly GatewayServer[] },
): NamedChain | undefined {
  if (!of.servers.some(isPlainHttp)) return undefined;
  const authorization = authorizationFilters(mesh, proxy.client, of.port);
  const manager = connectionManager({
    statPrefix: `outbound_0.0.0.0_${of.port}`,
    routeSpecifier: { case: 'rds', value: { configSource: ads(), routeConfigName: gatewayRoutesName(of.port) } },
    httpFilters: [...authorization.http, ...routeFilters()],
    useRemoteAddress: true,
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.SANITIZE_SET,
    setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return { filterChainMatch: false, chain: { name: 'http', filters: [manager] } };
}
