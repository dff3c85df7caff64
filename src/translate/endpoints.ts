import { create } from '@bufbuild/protobuf';
import type { Subset } from '../config/index.ts';
import type { LbEndpointSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { formatSniClusterName } from '../envoy/index.ts';
import { type MeshView, selects } from '../mesh/index.ts';
import type { ClientScope, Endpoint, NetworkId, Service, ServicePort } from '../model/index.ts';
import type { Built } from './built.ts';
import type { InitOf } from './envoy-types.ts';
import { crossNetworkName } from './names.ts';

/** What of a service one Envoy cluster stands for. */
export interface Target {
  readonly service: Service;
  readonly port: ServicePort;
  readonly subset?: Subset | undefined;
  /** Own cluster's endpoints first, then the own region's, then others. */
  readonly preferNear: boolean;
  /** A gateway takes traffic into its own network only. */
  readonly ownNetworkOnly: boolean;
}

/** The endpoints a client may use: of the subset, in networks that it can reach. */
export function reachableEndpoints(mesh: MeshView, client: ClientScope, target: Target): readonly Endpoint[] {
  const labels = target.subset?.labels;
  return mesh.endpoints
    .of(target.service.backing, target.port)
    .filter((endpoint) => endpoint.health !== 'draining' && selects(labels, endpoint.labels))
    .filter((endpoint) => isLocal(client, endpoint) || (!target.ownNetworkOnly && canCross(mesh, endpoint)));
}

function isLocal(client: ClientScope, endpoint: Endpoint): boolean {
  return endpoint.network === '' || endpoint.network === client.network;
}

/** Only mTLS can be routed through a gateway by its SNI, and only if the network has a gateway. */
function canCross(mesh: MeshView, endpoint: Endpoint): boolean {
  return endpoint.mtls && endpoint.network !== '' && mesh.gateways.entry(endpoint.network).addresses.length > 0;
}

/** The pod's own name in SNI: its network's gateway routes by it, so that it stays a single endpoint. */
export function podSni(target: Pick<Target, 'service' | 'port'>, endpoint: Endpoint): string {
  const { namespace, name } = kubernetesName(target.service);
  return formatSniClusterName({
    port: target.port.number,
    subset: '',
    hostname: `${endpoint.workload}.${name}.${namespace}.${endpoint.cluster}`,
  });
}

function kubernetesName(service: Service): { readonly namespace: string; readonly name: string } {
  return service.backing.kind === 'kubernetes' ? service.backing : { namespace: service.namespace, name: service.name };
}

type LbEndpoint = InitOf<typeof LbEndpointSchema>;

/** One endpoint: its address inside the network, or the internal listener of the network it is behind. */
export function lbEndpoint(client: ClientScope, target: Target, endpoint: Endpoint): LbEndpoint {
  const local = isLocal(client, endpoint);
  const serviceSni = formatSniClusterName({
    port: target.port.number,
    subset: target.subset?.name ?? '',
    hostname: target.service.hostname,
  });
  return {
    hostIdentifier: {
      case: 'endpoint',
      value: {
        hostname: local ? serviceSni : podSni(target, endpoint),
        address: local ? socketAddress(endpoint.address, endpoint.port) : internalAddress(endpoint),
      },
    },
    loadBalancingWeight: endpoint.weight,
    metadata: {
      filterMetadata: {
        ...(endpoint.mtls ? { 'envoy.transport_socket_match': { tlsMode: 'istio' } } : {}),
        istio: { workload: [endpoint.workload, endpoint.namespace, endpoint.cluster].join(';') },
      },
    },
  };
}

type AddressInit = NonNullable<
  Extract<NonNullable<LbEndpoint['hostIdentifier']>, { case: 'endpoint' }>['value']['address']
>;

export function socketAddress(address: string, port: number): AddressInit {
  return { address: { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: port } } } };
}

function internalAddress(endpoint: Endpoint): AddressInit {
  return {
    address: {
      case: 'envoyInternalAddress',
      value: {
        addressNameSpecifier: { case: 'serverListenerName', value: crossNetworkName(endpoint.network) },
        endpointId: `${endpoint.cluster}/${endpoint.namespace}/${endpoint.workload}:${endpoint.port}`,
      },
    },
  };
}

/** How far away an endpoint is: 0 own cluster, 1 own region, 2 elsewhere. */
function distance(client: ClientScope, endpoint: Endpoint): number {
  if (endpoint.cluster === client.cluster || endpoint.cluster === '') return 0;
  return client.locality.region !== '' && endpoint.locality.region === client.locality.region ? 1 : 2;
}

/** The EDS answer: endpoints by locality, nearest first; priorities have no gaps (Envoy requires that). */
export function loadAssignment(
  mesh: MeshView,
  client: ClientScope,
  named: { readonly name: string; readonly target: Target },
): Built<ClusterLoadAssignment> {
  const { name, target } = named;
  const endpoints = reachableEndpoints(mesh, client, target);
  const ranked = endpoints.map((endpoint) => ({
    endpoint,
    rank: target.preferNear ? distance(client, endpoint) : 0,
  }));
  const ranks = [...new Set(ranked.map(({ rank }) => rank))].sort();
  const groups = new Map<string, { priority: number; locality: Endpoint['locality']; members: Endpoint[] }>();
  for (const { endpoint, rank } of ranked) {
    const { region, zone, subzone } = endpoint.locality;
    const key = JSON.stringify([rank, region, zone, subzone]);
    const group = groups.get(key) ?? { priority: ranks.indexOf(rank), locality: endpoint.locality, members: [] };
    group.members.push(endpoint);
    groups.set(key, group);
  }
  const message = create(ClusterLoadAssignmentSchema, {
    clusterName: name,
    endpoints: [...groups.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { priority, locality, members }]) => ({
        priority,
        locality: { region: locality.region, zone: locality.zone, subZone: locality.subzone },
        loadBalancingWeight: members.reduce((sum, { weight }) => sum + weight, 0),
        lbEndpoints: members.map((endpoint) => lbEndpoint(client, target, endpoint)),
      })),
  });
  return { message, origins: target.service.origins };
}

/** The EDS answer for the bytes into another network: its gateways. */
export function gatewayAssignment(mesh: MeshView, network: NetworkId): Built<ClusterLoadAssignment> {
  const entry = mesh.gateways.entry(network);
  return {
    message: create(ClusterLoadAssignmentSchema, {
      clusterName: crossNetworkName(network),
      endpoints: [
        {
          lbEndpoints: entry.addresses.map(({ address, port }) => ({
            hostIdentifier: { case: 'endpoint' as const, value: { address: socketAddress(address, port) } },
          })),
        },
      ],
    }),
    origins: entry.origins,
  };
}
