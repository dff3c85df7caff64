import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Cluster, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type Listener, ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { type EncodedResource, encodeResource, formatInboundClusterName, TYPE_URL } from '../envoy/index.ts';
import type { MeshView } from '../mesh/index.ts';
import {
  type ClientScope,
  formatObjectRef,
  type InboundPort,
  type NetworkId,
  type ObjectRef,
  type ProxyScope,
  type Resource,
} from '../model/index.ts';
import type { Built } from './built.ts';
import { allowsOutside, forwardProxyCluster } from './clusters/forward-proxy.ts';
import { blackHoleCluster, crossNetworkCluster, inboundCluster, passthroughCluster } from './clusters/local.ts';
import { outboundCluster } from './clusters/outbound.ts';
import { effectivePolicy } from './clusters/traffic-policy.ts';
import { encodedAssignment, gatewayAssignment } from './endpoints.ts';
import { gatewayClusters } from './gateway-clusters.ts';
import { crossNetworkListener } from './listeners/cross-network.ts';
import { gatewayListener, gatewayPorts } from './listeners/gateway.ts';
import { gatewayListenerName, parseGatewayListenerName } from './listeners/gateway-servers.ts';
import { httpProxyListener, httpProxyRoutes } from './listeners/http-proxy.ts';
import { inboundListener, inboundProtocol } from './listeners/inbound.ts';
import {
  BLACK_HOLE_CLUSTER,
  crossNetworkName,
  HTTP_PROXY_ROUTES,
  listenerName,
  PASSTHROUGH_CLUSTER,
  parseCrossNetworkName,
  parsePassthroughName,
} from './names.ts';
import { gatewayRoutes } from './routes/gateway-routes.ts';
import { onDemandHost, placeholderName } from './routes/on-demand-host.ts';
import { outboundTarget, passthroughTarget } from './targets.ts';

/** What a proxy asks for. */
export interface Asked {
  readonly type: string;
  readonly name: string;
}

/** One Envoy resource as this proxy must see it. Never throws for bad input, never waits, reads no clock. */
export function translate(mesh: MeshView, proxy: ProxyScope, asked: Asked): Resource | undefined {
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
      return assignment(mesh, proxy.client, asked);
    default:
      return undefined;
  }
}

/**
 * Whose eyes a resource is seen with: outbound ones depend on the client side only, so equal clients share them.
 * @returns a key that is equal where the result must be.
 */
export function scopeKey(proxy: ProxyScope, asked: Asked): string {
  const own = asked.type === TYPE_URL.LDS || asked.type === TYPE_URL.RDS || asked.name.startsWith('inbound|');
  return own ? proxy.key : proxy.client.key;
}

/** The names that a wildcard subscription stands for. Everything else comes on demand. Tracked. */
export function wildcardNames(mesh: MeshView, proxy: ProxyScope, type: string): readonly string[] {
  switch (type) {
    case TYPE_URL.LDS:
      return [...ownListeners(mesh, proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.CDS:
      return [...ownClusters(mesh, proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.VHDS:
      return proxy.client.kind === 'sidecar' ? [placeholderName(HTTP_PROXY_ROUTES)] : [];
    default:
      return [];
  }
}

/** Networks that can be entered; to one whose gateways are all gone there is no way. */
function foreignNetworks(mesh: MeshView, client: ClientScope): readonly NetworkId[] {
  return mesh.gateways.networks().filter((network) => network !== client.network);
}

function inboundPorts({ client, interception }: ProxyScope): readonly InboundPort[] {
  return client.kind === 'sidecar' && interception.kind === 'ports' ? interception.inbound : [];
}

function ownListeners(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  if (proxy.client.kind === 'gateway') return gatewayPorts(mesh, proxy).map(gatewayListenerName);
  const { interception } = proxy;
  if (interception.kind !== 'ports') return [];
  return [listenerName(interception.httpProxy), ...interception.inbound.map(({ bind }) => listenerName(bind))];
}

function ownClusters(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  if (proxy.client.kind === 'gateway') return [...new Set([BLACK_HOLE_CLUSTER, ...gatewayClusters(mesh, proxy)])];
  const outside = allowsOutside(mesh, proxy.client) ? [PASSTHROUGH_CLUSTER] : [];
  return [BLACK_HOLE_CLUSTER, ...outside, ...inboundPorts(proxy).map(({ port }) => formatInboundClusterName(port))];
}

function listener(mesh: MeshView, proxy: ProxyScope, name: string): Built<Listener> | undefined {
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkListener(mesh, network as NetworkId);
  if (proxy.client.kind === 'gateway') {
    const port = parseGatewayListenerName(name);
    return port === undefined ? undefined : gatewayListener(mesh, proxy, port);
  }
  const { interception } = proxy;
  if (interception.kind !== 'ports') return undefined;
  if (name === listenerName(interception.httpProxy)) return httpProxyListener(mesh, proxy, interception.httpProxy);
  const inbound = interception.inbound.find(({ bind }) => listenerName(bind) === name);
  return inbound && inboundListener(mesh, proxy, inbound);
}

function routes(mesh: MeshView, proxy: ProxyScope, name: string): Built<RouteConfiguration> | undefined {
  if (proxy.client.kind === 'gateway') return gatewayRoutes(mesh, proxy, name);
  return name === HTTP_PROXY_ROUTES ? httpProxyRoutes() : undefined;
}

function cluster(mesh: MeshView, proxy: ProxyScope, name: string): Built<Cluster> | undefined {
  const { client } = proxy;
  if (name === BLACK_HOLE_CLUSTER) return blackHoleCluster();
  if (name === PASSTHROUGH_CLUSTER) return allowsOutside(mesh, client) ? forwardProxyCluster() : undefined;
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkCluster(mesh, network as NetworkId);
  const inbound = inboundPorts(proxy).find(({ port }) => name === formatInboundClusterName(port));
  if (inbound) return inboundCluster(inbound, inboundProtocol(mesh, proxy, inbound.port));
  const sni = parsePassthroughName(name);
  if (sni !== undefined) {
    const target = passthroughTarget(mesh, client, sni);
    return target && passthroughCluster({ name, target });
  }
  const target = outboundTarget(mesh, client, name);
  return target && outboundCluster(mesh, client, { name, target });
}

function assignment(mesh: MeshView, client: ClientScope, asked: Asked): Resource | undefined {
  const { name } = asked;
  const network = parseCrossNetworkName(name) as NetworkId | undefined;
  if (network !== undefined) {
    const message = gatewayAssignment(mesh, network);
    return resource(ClusterLoadAssignmentSchema, asked, { message, origins: mesh.gateways.entry(network).origins });
  }
  const sni = parsePassthroughName(name);
  if (sni !== undefined) {
    const target = passthroughTarget(mesh, client, sni);
    if (!target) return undefined;
    return encodedAs(
      asked,
      encodedAssignment(mesh, client, { name, target, preference: 'flat' }),
      target.service.origins,
    );
  }
  const target = outboundTarget(mesh, client, name);
  if (!target) return undefined;
  const policy = effectivePolicy(target.policy, target.subset, target.port.number);
  const preference = policy.loadBalancer?.localityLbSetting;
  return encodedAs(asked, encodedAssignment(mesh, client, { name, target, preference }), target.service.origins);
}

function resource<Desc extends DescMessage>(
  schema: Desc,
  asked: Asked,
  built: Built<MessageShape<Desc>> | undefined,
): Resource | undefined {
  if (!built) return undefined;
  return { ...encodedAs(asked, encodeResource(schema, built.message), built.origins), aliases: built.aliases ?? [] };
}

function encodedAs(asked: Asked, { bytes, version }: EncodedResource, origins: readonly ObjectRef[]): Resource {
  const origin = [...new Map(origins.map((ref) => [formatObjectRef(ref), ref])).values()];
  return { type: asked.type, name: asked.name, version, bytes, aliases: [], origin };
}
