import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { Filter, FilterChainSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import type { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { durationFromMs, formatInboundClusterName, socketAddress, tcpProxy, tlsInspector } from '../../envoy/index.ts';
import type { MeshView, MtlsMode } from '../../mesh/index.ts';
import { type InboundPort, isHttp, type ObjectRef, type Protocol, type ProxyScope } from '../../model/index.ts';
import { authorizationFilters } from '../authorization/index.ts';
import type { Built, InitOf } from '../built.ts';
import { listenerName } from '../names.ts';
import { CLIENT_ALPN, MESH_ALPN, serverMtls } from '../tls.ts';
import { accessLogs, clientCertificateHeaders, connectionManager, routeFilters } from './connection-manager.ts';

type Chain = InitOf<typeof FilterChainSchema>;

/** What one port of a workload speaks: what the Services that lead to it say. */
export function inboundProtocol(mesh: MeshView, proxy: ProxyScope, port: number): Protocol {
  return mesh.workloads.servicePorts(proxy.client.cluster, proxy.client, proxy.workload).get(port) ?? 'auto';
}

/** The listener of one port of a workload behind a sidecar: who may connect, and on to the application. */
export function inboundListener(mesh: MeshView, proxy: ProxyScope, inbound: InboundPort): Built<Listener> {
  const mtls = mesh.policies.mtls(proxy.client);
  const mode = mtls.byPort.get(inbound.port) ?? mtls.mode;
  const protocol = inboundProtocol(mesh, proxy, inbound.port);
  const filters = chainFilters(mesh, proxy, { inbound, protocol });
  const message = create(ListenerSchema, {
    name: listenerName(inbound.bind),
    address: socketAddress(inbound.bind.address, inbound.bind.port),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: mode === 'DISABLE' ? [] : [tlsInspector()],
    listenerFiltersTimeout: durationFromMs(5_000),
    filterChains: [...chains(mode, speaksHttp(protocol), filters)],
  });
  return { message, origins: [...filters.origins, ...mtls.origins] };
}

function speaksHttp(protocol: Protocol): boolean {
  return isHttp(protocol) || protocol === 'auto';
}

/** The filters of a port, both under the same policies. */
interface PortFilters {
  /** For what the port speaks. */
  readonly own: Filter[];
  /** For bytes that nobody here can read: the application's own TLS. */
  readonly opaque: Filter[];
  readonly origins: readonly ObjectRef[];
}

/**
 * STRICT: mTLS or nothing. PERMISSIVE: mTLS of the mesh by its ALPN, the application's own TLS as bytes, and plain text.
 * A connection that fits no chain is closed by Envoy.
 */
function chains(mode: MtlsMode, http: boolean, filters: PortFilters): readonly Chain[] {
  if (mode === 'DISABLE') return [{ name: 'plaintext', filters: filters.own }];
  const mtls: Chain = {
    name: 'mtls',
    filterChainMatch: {
      transportProtocol: 'tls',
      applicationProtocols: mode === 'STRICT' ? [] : [...MESH_ALPN],
    },
    transportSocket: serverMtls(http ? ['h2', 'http/1.1'] : CLIENT_ALPN.tcp),
    filters: filters.own,
  };
  if (mode === 'STRICT') return [mtls];
  return [
    mtls,
    { name: 'application-tls', filterChainMatch: { transportProtocol: 'tls' }, filters: filters.opaque },
    { name: 'plaintext', filterChainMatch: { transportProtocol: 'raw_buffer' }, filters: filters.own },
  ];
}

function chainFilters(
  mesh: MeshView,
  proxy: ProxyScope,
  of: { readonly inbound: InboundPort; readonly protocol: Protocol },
): PortFilters {
  const cluster = formatInboundClusterName(of.inbound.port);
  const { http, network, origins } = authorizationFilters(mesh, proxy.client, of.inbound.port);
  const accessLog = accessLogs(mesh.config.accessLogFile);
  const bytes = tcpProxy({ statPrefix: cluster, clusterSpecifier: { case: 'cluster', value: cluster }, accessLog });
  const opaque = [...network, bytes];
  if (!speaksHttp(of.protocol)) return { own: opaque, opaque, origins };
  const manager = connectionManager({
    statPrefix: `inbound_${of.inbound.bind.address}_${of.inbound.bind.port}`,
    routeSpecifier: { case: 'routeConfig', value: inboundRoutes(cluster) },
    httpFilters: [...http, ...routeFilters()],
    ...clientCertificateHeaders('append'),
    accessLog,
  });
  return { own: [manager], opaque, origins };
}

function inboundRoutes(cluster: string): InitOf<typeof RouteConfigurationSchema> {
  const route = {
    name: 'default',
    match: { pathSpecifier: { case: 'prefix' as const, value: '/' } },
    action: {
      case: 'route' as const,
      value: { clusterSpecifier: { case: 'cluster' as const, value: cluster }, timeout: durationFromMs(0) },
    },
  };
  const virtualHosts = [{ name: 'inbound', domains: ['*'], routes: [route] }];
  return { name: cluster, validateClusters: false, virtualHosts };
}
