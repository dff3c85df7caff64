import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { type Cluster, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { type Listener, ListenerSchema } from '../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { type EncodedResource, encodeResource, TYPE_URL } from '../envoy/index.ts';
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
import { addressTarget } from './clusters/by-address.ts';
import { blackHoleCluster, crossNetworkCluster, passthroughCluster } from './clusters/local.ts';
import { outboundCluster } from './clusters/outbound.ts';
import { effectivePolicy } from './clusters/traffic-policy.ts';
import { encodedAssignment, gatewayAssignment } from './endpoints.ts';
import { crossNetworkListener } from './listeners/cross-network.ts';
import { BLACK_HOLE_CLUSTER, crossNetworkName, parseCrossNetworkName, parsePassthroughName } from './names.ts';
import { GATEWAY } from './roles/gateway.ts';
import { PORTS_SIDECAR } from './roles/ports-sidecar.ts';
import { REDIRECT_SIDECAR } from './roles/redirect-sidecar.ts';
import type { Role } from './roles/role.ts';
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
      return resource(RouteConfigurationSchema, asked, roleOf(proxy).routes(mesh, proxy, name));
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
  const { type, name } = asked;
  const own = type === TYPE_URL.LDS || type === TYPE_URL.RDS || name.startsWith('inbound|');
  return own && !roleOf(proxy).isShared(type, name) ? proxy.key : proxy.client.key;
}

/** The names that a wildcard subscription stands for. Everything else comes on demand. Tracked. */
export function wildcardNames(mesh: MeshView, proxy: ProxyScope, type: string): readonly string[] {
  switch (type) {
    case TYPE_URL.LDS:
      return [...roleOf(proxy).listeners(mesh, proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.CDS:
      return [...roleOf(proxy).clusters(mesh, proxy), ...foreignNetworks(mesh, proxy.client).map(crossNetworkName)];
    case TYPE_URL.VHDS:
      return roleOf(proxy).onDemandRoutes(mesh, proxy).map(placeholderName);
    default:
      return [];
  }
}

/** Networks that can be entered; to one whose gateways are all gone there is no way. */
function foreignNetworks(mesh: MeshView, client: ClientScope): readonly NetworkId[] {
  return mesh.gateways.networks().filter((network) => network !== client.network);
}

function roleOf({ client, interception }: ProxyScope): Role {
  if (client.kind === 'gateway') return GATEWAY;
  return interception.kind === 'ports' ? PORTS_SIDECAR : REDIRECT_SIDECAR;
}

function listener(mesh: MeshView, proxy: ProxyScope, name: string): Built<Listener> | undefined {
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkListener(mesh, network as NetworkId);
  return roleOf(proxy).listener(mesh, proxy, name);
}

function cluster(mesh: MeshView, proxy: ProxyScope, name: string): Built<Cluster> | undefined {
  const { client } = proxy;
  if (name === BLACK_HOLE_CLUSTER) return blackHoleCluster();
  const network = parseCrossNetworkName(name);
  if (network !== undefined) return crossNetworkCluster(mesh, network as NetworkId);
  const own = roleOf(proxy).cluster(mesh, proxy, name);
  if (own) return own;
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
  const target = outboundTarget(mesh, client, name) ?? addressTarget(mesh, client, name);
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
