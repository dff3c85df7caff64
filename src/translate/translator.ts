import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { encodeResource, TYPE_URL } from '../envoy/index.ts';
import type { MeshView } from '../mesh/index.ts';
import {
  type ClientScope,
  formatObjectRef,
  type NetworkId,
  type ObjectRef,
  type ProxyScope,
  type Resource,
} from '../model/index.ts';
import type { Built } from './built.ts';
import { blackHoleCluster, crossNetworkCluster, inboundCluster, passthroughCluster } from './clusters/local.ts';
import { outboundCluster } from './clusters/outbound.ts';
import { gatewayAssignment, loadAssignment } from './endpoints.ts';
import { crossNetworkListener } from './listeners/cross-network.ts';
import { gatewayListener, gatewayListenerName, gatewayPorts, parseGatewayListenerName } from './listeners/gateway.ts';
import { httpProxyListener, httpProxyRoutes } from './listeners/http-proxy.ts';
import { inboundListener, inboundProtocol } from './listeners/inbound.ts';
import {
  BLACK_HOLE_CLUSTER,
  crossNetworkName,
  HTTP_PROXY_ROUTES,
  listenerName,
  parseCrossNetworkName,
} from './names.ts';
import { gatewayRoutes } from './routes/gateway-routes.ts';
import { onDemandHost, placeholderName } from './routes/on-demand-host.ts';
import { outboundTarget, passthroughTarget } from './targets.ts';

/** One Envoy resource as this proxy must see it. Never throws for bad input, never waits, reads no clock. */
export function translate(
  mesh: MeshView,
  proxy: ProxyScope,
  asked: { readonly type: string; readonly name: string },
): Resource | undefined {
  const { type, name } = asked;
  switch (type) {
    case TYPE_URL.LDS:
      return resource(ListenerSchema, asked, listener(mesh, proxy, name));
    case TYPE_URL.RDS:
      return resource(RouteConfigurationSchema, asked, routes(mesh, proxy, name));
    case TYPE_URL.VHDS:
      return resource(VirtualHostSchema, asked, onDemandHost(mesh, proxy.client, name));
    case TYPE_URL.CDS:
      return resource(ClusterSchema, asked, cluster(mesh, proxy, name));
    case TYPE_URL.EDS:
      return resource(ClusterLoadAssignmentSchema, asked, assignment(mesh, proxy.client, name));
    default:
      return undefined;
  }
}

/**
 * Whose eyes a resource is seen with: outbound ones depend on the client side only, so equal clients share them.
 * @returns a key that is equal where the result must be.
 */
export function scopeKey(proxy: ProxyScope, asked: { readonly type: string; readonly name: string }): string {
  const own = asked.type === TYPE_URL.LDS || asked.type === TYPE_URL.RDS || asked.name.startsWith('inbound|');
  return own ? proxy.key : proxy.client.key;
}

/** The names that a wildcard subscription stands for. Everything else comes on demand. */
export function wildcardNames(mesh: MeshView, proxy: ProxyScope, type: string): readonly string[] {
  switch (type) {
    case TYPE_URL.LDS:
      return [...ownListeners(mesh, proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.CDS:
      return [...ownClusters(proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.VHDS:
      return proxy.client.kind === 'sidecar' ? [placeholderName(HTTP_PROXY_ROUTES)] : [];
    default:
      return [];
  }
}

function foreignNetworks(mesh: MeshView, client: ClientScope): readonly NetworkId[] {
  return mesh.gateways.networks().filter((network) => network !== client.network);
}

function ownListeners(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  if (proxy.client.kind === 'gateway') return gatewayPorts(mesh, proxy).map(gatewayListenerName);
  const { interception } = proxy;
  if (interception.kind !== 'ports') return [];
  return [listenerName(interception.httpProxy), ...interception.inbound.map(({ bind }) => listenerName(bind))];
}

function ownClusters(proxy: ProxyScope): readonly string[] {
  const inbound =
    proxy.client.kind === 'sidecar' && proxy.interception.kind === 'ports' ? proxy.interception.inbound : [];
  return [BLACK_HOLE_CLUSTER, ...inbound.map(({ port }) => `inbound|${port}||`)];
}

function listener(
  mesh: MeshView,
  proxy: ProxyScope,
  name: string,
): Built<MessageShape<typeof ListenerSchema>> | undefined {
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkListener(mesh, network as NetworkId);
  if (proxy.client.kind === 'gateway') {
    const port = parseGatewayListenerName(name);
    return port === undefined ? undefined : gatewayListener(mesh, proxy, port);
  }
  const { interception } = proxy;
  if (interception.kind !== 'ports') return undefined;
  if (name === listenerName(interception.httpProxy)) return httpProxyListener(mesh, interception.httpProxy);
  const inbound = interception.inbound.find(({ bind }) => listenerName(bind) === name);
  return inbound && inboundListener(mesh, proxy, inbound);
}

function routes(
  mesh: MeshView,
  proxy: ProxyScope,
  name: string,
): Built<MessageShape<typeof RouteConfigurationSchema>> | undefined {
  if (proxy.client.kind === 'sidecar') return name === HTTP_PROXY_ROUTES ? httpProxyRoutes() : undefined;
  const port = /^http\.(\d{1,5})$/.exec(name)?.[1];
  return port === undefined ? undefined : gatewayRoutes(mesh, proxy, Number(port));
}

function cluster(
  mesh: MeshView,
  proxy: ProxyScope,
  name: string,
): Built<MessageShape<typeof ClusterSchema>> | undefined {
  if (name === BLACK_HOLE_CLUSTER) return blackHoleCluster();
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkCluster(mesh, network as NetworkId);
  const { client, interception } = proxy;
  if (name.startsWith('inbound|')) {
    const inbound =
      interception.kind === 'ports' ? interception.inbound.find(({ port }) => name === `inbound|${port}||`) : undefined;
    return inbound && inboundCluster(inbound, inboundProtocol(mesh, proxy, inbound.port));
  }
  const outbound = outboundTarget(mesh, client, name);
  if (outbound) return outboundCluster(mesh, client, { name, target: outbound });
  const passthrough = client.kind === 'gateway' ? passthroughTarget(mesh, client, name) : undefined;
  return passthrough && passthroughCluster({ name, target: passthrough });
}

function assignment(
  mesh: MeshView,
  client: ClientScope,
  name: string,
): Built<MessageShape<typeof ClusterLoadAssignmentSchema>> | undefined {
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return gatewayAssignment(mesh, network as NetworkId);
  const outbound = outboundTarget(mesh, client, name);
  if (outbound) return loadAssignment(mesh, client, { name, target: outbound });
  const passthrough = client.kind === 'gateway' ? passthroughTarget(mesh, client, name) : undefined;
  return passthrough && loadAssignment(mesh, client, { name, target: passthrough });
}

function resource<Desc extends DescMessage>(
  schema: Desc,
  asked: { readonly type: string; readonly name: string },
  built: Built<MessageShape<Desc>> | undefined,
): Resource | undefined {
  if (!built) return undefined;
  const { bytes, version } = encodeResource(schema, built.message);
  return { ...asked, version, bytes, aliases: built.aliases ?? [], origin: unique(built.origins) };
}

function unique(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return [...new Map(refs.map((ref) => [formatObjectRef(ref), ref])).values()];
}
