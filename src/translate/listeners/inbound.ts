import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { Filter, FilterChainSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import type { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { TlsInspectorSchema } from '../../envoy/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts';
import { HttpConnectionManager_ForwardClientCertDetails } from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { pack } from '../../envoy/index.ts';
import type { MeshView, MtlsMode } from '../../mesh/index.ts';
import { type InboundPort, isHttp, type ObjectRef, type Protocol, type ProxyScope } from '../../model/index.ts';
import { authorizationFilters } from '../authorization/index.ts';
import type { Built } from '../built.ts';
import { socketAddress } from '../endpoints.ts';
import { duration } from '../envoy-types.ts';
import { listenerName } from '../names.ts';
import { MESH_ALPN, serverMtls } from '../tls.ts';
import { accessLogs, connectionManager, routeFilters, tcpProxy } from './connection-manager.ts';

type Chain = MessageInitShape<typeof FilterChainSchema>;

/** What one port of a workload speaks: what the Services that lead to it say. */
export function inboundProtocol(mesh: MeshView, proxy: ProxyScope, port: number): Protocol {
  return mesh.workloads.servicePorts(proxy.client.cluster, proxy.client, proxy.workload).get(port) ?? 'auto';
}

/** The listener of one port of a workload behind a sidecar: who may connect, and on to the application. */
export function inboundListener(mesh: MeshView, proxy: ProxyScope, inbound: InboundPort): Built<Listener> {
  const mtls = mesh.policies.mtls(proxy.client);
  const mode = mtls.byPort.get(inbound.port) ?? mtls.mode;
  const protocol = inboundProtocol(mesh, proxy, inbound.port);
  const { filters, origins } = chainFilters(mesh, proxy, { inbound, protocol });
  const message = create(ListenerSchema, {
    name: listenerName(inbound.bind),
    address: socketAddress(inbound.bind.address, inbound.bind.port),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: mode === 'DISABLE' ? [] : [TLS_INSPECTOR],
    listenerFiltersTimeout: duration(5_000),
    filterChains: [...chains({ mode, http: speaksHttp(protocol), filters, inbound })],
  });
  return { message, origins: [...origins, ...mtls.origins] };
}

const TLS_INSPECTOR = {
  name: 'envoy.filters.listener.tls_inspector',
  configType: { case: 'typedConfig' as const, value: pack(TlsInspectorSchema, {}) },
};

function speaksHttp(protocol: Protocol): boolean {
  return isHttp(protocol) || protocol === 'auto';
}

/**
 * STRICT: mTLS or nothing. PERMISSIVE: mTLS of the mesh by its ALPN, the application's own TLS as bytes, and plain text.
 * A connection that fits no chain is closed by Envoy.
 */
function chains(of: {
  readonly mode: MtlsMode;
  readonly http: boolean;
  readonly filters: Filter[];
  readonly inbound: InboundPort;
}): readonly Chain[] {
  const { mode, filters, inbound } = of;
  if (mode === 'DISABLE') return [{ name: 'plaintext', filters }];
  const mtls: Chain = {
    name: 'mtls',
    filterChainMatch: {
      transportProtocol: 'tls',
      applicationProtocols: mode === 'STRICT' ? [] : [...MESH_ALPN],
    },
    transportSocket: serverMtls(of.http ? ['h2', 'http/1.1'] : ['istio-peer-exchange', 'istio']),
    filters,
  };
  if (mode === 'STRICT') return [mtls];
  const own = tcpProxy({
    statPrefix: inboundCluster(inbound),
    clusterSpecifier: { case: 'cluster', value: inboundCluster(inbound) },
  });
  return [
    mtls,
    { name: 'application-tls', filterChainMatch: { transportProtocol: 'tls' }, filters: [own] },
    { name: 'plaintext', filterChainMatch: { transportProtocol: 'raw_buffer' }, filters },
  ];
}

function inboundCluster(inbound: InboundPort): string {
  return `inbound|${inbound.port}||`;
}

function chainFilters(
  mesh: MeshView,
  proxy: ProxyScope,
  of: { readonly inbound: InboundPort; readonly protocol: Protocol },
): { readonly filters: Filter[]; readonly origins: readonly ObjectRef[] } {
  const cluster = inboundCluster(of.inbound);
  const authorization = authorizationFilters(mesh, proxy.client, of.inbound.port);
  const { origins } = authorization;
  if (!speaksHttp(of.protocol)) {
    const proxyFilter = tcpProxy({
      statPrefix: cluster,
      clusterSpecifier: { case: 'cluster', value: cluster },
      accessLog: accessLogs(mesh.config.accessLogFile),
    });
    return { filters: [...authorization.network, proxyFilter], origins };
  }
  const manager = connectionManager({
    statPrefix: `inbound_${of.inbound.bind.address}_${of.inbound.bind.port}`,
    routeSpecifier: { case: 'routeConfig', value: inboundRoutes(cluster) },
    httpFilters: [...authorization.http, ...routeFilters()],
    forwardClientCertDetails: HttpConnectionManager_ForwardClientCertDetails.APPEND_FORWARD,
    setCurrentClientCertDetails: { subject: true, dns: true, uri: true },
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return { filters: [manager], origins };
}

function inboundRoutes(cluster: string): MessageInitShape<typeof RouteConfigurationSchema> {
  const route = {
    name: 'default',
    match: { pathSpecifier: { case: 'prefix' as const, value: '/' } },
    action: {
      case: 'route' as const,
      value: { clusterSpecifier: { case: 'cluster' as const, value: cluster }, timeout: duration(0) },
    },
  };
  return {
    name: cluster,
    validateClusters: false,
    virtualHosts: [{ name: 'inbound', domains: ['*'], routes: [route] }],
  };
}
