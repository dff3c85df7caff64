import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { isIpAddress } from '../config/index.ts';
import { HealthStatus } from '../envoy/gen/envoy/config/core/v3/health_check_pb.ts';
import type { LbEndpointSchema } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import {
  type EncodedEndpoint,
  type EncodedResource,
  encodeEndpoint,
  formatSniClusterName,
  internalAddress,
  joinLoadAssignment,
  joinLocality,
  pipeAddress,
  socketAddress,
  versioned,
} from '../envoy/index.ts';
import { type MeshView, selects } from '../mesh/index.ts';
import type { ClientScope, Endpoint, NetworkId } from '../model/index.ts';
import { groupEndpoints, type LocalityPreference } from './endpoint-groups.ts';
import { crossNetworkName } from './names.ts';
import type { Target } from './targets.ts';

type LbEndpoint = MessageInitShape<typeof LbEndpointSchema>;

/** The endpoints a client may use: of the subset, in networks that it can reach. Tracked. */
export function reachableEndpoints(mesh: MeshView, client: ClientScope, target: Target): readonly Endpoint[] {
  const labels = target.subset?.labels;
  return mesh.endpoints
    .of(target.service.backing, target.port)
    .filter((endpoint) => isUsed(client, endpoint) && selects(labels, endpoint.labels))
    .filter((endpoint) => {
      if (isLocal(client, endpoint)) return endpoint.address !== '';
      return !target.ownNetworkOnly && canCross(mesh, endpoint);
    })
    .map((endpoint) => (isLocal(client, endpoint) ? asServed(mesh, endpoint) : endpoint));
}

function isUsed(client: ClientScope, { health, cluster }: Endpoint): boolean {
  return health !== 'draining' && (health !== 'unhealthy' || cluster === client.cluster);
}

/** A pod with a proxy that is told to take plain text alone is spoken to like one without (Istio: auto mTLS). Tracked. */
export function asServed(mesh: MeshView, endpoint: Endpoint): Endpoint {
  return endpoint.mtls && mesh.policies.refusesMtls(endpoint, endpoint.port) ? { ...endpoint, mtls: false } : endpoint;
}

function isLocal(client: ClientScope, endpoint: Endpoint): boolean {
  return endpoint.network === '' || endpoint.network === client.network;
}

/** Only mTLS can be routed through a gateway by its SNI, and only if the network has a gateway. */
function canCross(mesh: MeshView, endpoint: Endpoint): boolean {
  return endpoint.mtls && endpoint.network !== '' && mesh.gateways.entry(endpoint.network).addresses.length > 0;
}

/**
 * The SNI towards an endpoint. Behind another network's gateway a pod of a Kubernetes service has its own name, by which
 * that gateway routes, so that it stays a single endpoint; all else goes by the service's name.
 */
function sniOf(client: ClientScope, target: Target, endpoint: Endpoint): string {
  const { service, port, subset } = target;
  if (isLocal(client, endpoint) || service.backing.kind !== 'kubernetes') {
    return formatSniClusterName({ port: port.number, subset: subset?.name ?? '', hostname: service.hostname });
  }
  const { namespace, name } = service.backing;
  const hostname = `${endpoint.workload}.${name}.${namespace}.${endpoint.cluster}`;
  return formatSniClusterName({ port: port.number, subset: '', hostname });
}

/** All that makes an endpoint another one for some clients than for others. */
interface Way {
  readonly sni: string;
  /** The address is that of an internal listener, which carries bytes to the gateways of another network. */
  readonly isFar: boolean;
  /**
   * Told apart by the gateways that are leaving, an endpoint becomes another one when a gateway is ended: clients finish what
   * they have begun and take new connections, which lead to the gateways that stay. Nobody could tell them otherwise, as
   * gateways see no HTTP in what they pass on.
   */
  readonly leaving: string;
  /** Its cluster cannot be asked. Clients of the same cluster find out themselves who is there, and stay at home. */
  readonly isOutdated: boolean;
}

function wayTo(mesh: MeshView, client: ClientScope, of: { readonly target: Target; readonly endpoint: Endpoint }): Way {
  const { target, endpoint } = of;
  const isFar = !isLocal(client, endpoint);
  return {
    sni: sniOf(client, target, endpoint),
    isFar,
    leaving: isFar ? mesh.gateways.entry(endpoint.network).leaving.join(' ') : '',
    isOutdated: endpoint.health === 'degraded' && endpoint.cluster !== client.cluster,
  };
}

/** One endpoint: its address inside the network, or the internal listener of the network it is behind. */
function lbEndpoint(endpoint: Endpoint, { sni, isFar, leaving, isOutdated }: Way): LbEndpoint {
  const { cluster, namespace, workload, port } = endpoint;
  const id = `${cluster}/${namespace}/${workload || endpoint.address}:${port}`;
  return {
    hostIdentifier: {
      case: 'endpoint',
      value: {
        hostname: sni,
        address: isFar
          ? internalAddress(crossNetworkName(endpoint.network), leaving ? `${id} without ${leaving}` : id)
          : addressOf(endpoint),
      },
    },
    ...(isOutdated ? { healthStatus: HealthStatus.DEGRADED } : {}),
    loadBalancingWeight: endpoint.weight,
    metadata: {
      filterMetadata: {
        ...(endpoint.mtls ? { 'envoy.transport_socket_match': { tlsMode: 'istio' } } : {}),
        istio: { workload: [workload, namespace, cluster].join(';') },
      },
    },
  };
}

const UNIX = 'unix://';

function addressOf({ address, port }: Endpoint): ReturnType<typeof socketAddress> {
  return address.startsWith(UNIX) ? pipeAddress(address.slice(UNIX.length)) : socketAddress(address, port);
}

/** Can EDS tell it? Names are for clusters that look them up, and one name among the addresses spoils them all. */
function isPlain({ address }: Endpoint): boolean {
  return address === '' || address.startsWith(UNIX) || isIpAddress(address);
}

/** What an assignment is made for. */
export interface AssignmentOf {
  readonly name: string;
  readonly target: Target;
  readonly preference: LocalityPreference;
}

/** The endpoints of a cluster that looks names up itself; those in other networks cannot be told to it. Tracked. */
export function inlineAssignment(mesh: MeshView, client: ClientScope, of: AssignmentOf): ClusterLoadAssignment {
  const local = reachableEndpoints(mesh, client, of.target).filter((endpoint) => isLocal(client, endpoint));
  return create(ClusterLoadAssignmentSchema, {
    clusterName: of.name,
    endpoints: groupEndpoints(client, local, of.preference).map(({ priority, locality, weight, members }) => ({
      priority,
      locality: { region: locality.region, zone: locality.zone, subZone: locality.subzone },
      loadBalancingWeight: weight,
      lbEndpoints: members.map((endpoint) =>
        lbEndpoint(endpoint, wayTo(mesh, client, { target: of.target, endpoint })),
      ),
    })),
  });
}

/**
 * Each endpoint once per way to it, for all load assignments it is in: clients of a network share them. A pure cache: it
 * goes with the endpoints, and what is in it is what would be encoded anew.
 */
const ENCODED = new WeakMap<Endpoint, Map<string, EncodedEndpoint>>();
const MAX_WAYS = 64;

function encoded(endpoint: Endpoint, way: Way): EncodedEndpoint {
  const ways = ENCODED.get(endpoint) ?? new Map<string, EncodedEndpoint>();
  if (ways.size === 0) ENCODED.set(endpoint, ways);
  const key = `${way.isFar ? 'far' : 'near'} ${way.isOutdated ? 'outdated' : ''} ${way.sni} ${way.leaving}`;
  const known = ways.get(key);
  if (known) return known;
  const made = encodeEndpoint(lbEndpoint(endpoint, way));
  // Each gateway that was ended leaves one behind, as long as the endpoint lives.
  if (ways.size >= MAX_WAYS) ways.clear();
  ways.set(key, made);
  return made;
}

/** The EDS answer: endpoints by locality, joined out of bytes (see load-assignment-writer). Tracked. */
export function encodedAssignment(mesh: MeshView, client: ClientScope, of: AssignmentOf): EncodedResource {
  const endpoints = reachableEndpoints(mesh, client, of.target).filter(
    (endpoint) => isPlain(endpoint) || !isLocal(client, endpoint),
  );
  const groups = groupEndpoints(client, endpoints, of.preference);
  const localities = groups.map(({ priority, locality: { region, zone, subzone: subZone }, weight, members }) =>
    joinLocality({
      priority,
      locality: { region, zone, subZone },
      weight,
      endpoints: members.map((endpoint) => encoded(endpoint, wayTo(mesh, client, { target: of.target, endpoint }))),
    }),
  );
  return versioned(joinLoadAssignment({ clusterName: of.name, localities }));
}

/** The gateways of another network, as the endpoints of the cluster that carries bytes there. Tracked. */
export function gatewayAssignment(mesh: MeshView, network: NetworkId): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, {
    clusterName: crossNetworkName(network),
    endpoints: [
      {
        lbEndpoints: mesh.gateways.entry(network).addresses.map(({ address, port }) => ({
          hostIdentifier: { case: 'endpoint' as const, value: { address: socketAddress(address, port) } },
        })),
      },
    ],
  });
}
