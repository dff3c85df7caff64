import { create } from '@bufbuild/protobuf';
import { isIpAddress } from '../../config/index.ts';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_DnsLookupFamily,
  Cluster_LbPolicy,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import {
  adsSource,
  durationFromMs,
  formatInboundClusterName,
  httpProtocolOptions,
  pipeAddress,
  socketAddress,
} from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { InboundPort, NetworkId, Protocol } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { gatewayAssignment } from '../endpoints.ts';
import type { Inlet } from '../listeners/inlets.ts';
import { BLACK_HOLE_CLUSTER, crossNetworkName, INBOUND_PASSTHROUGH_CLUSTER, PASSTHROUGH_CLUSTER } from '../names.ts';
import type { Target } from '../targets.ts';
import { circuitBreakers, outlierDetection } from './traffic-policy.ts';

type ClusterInit = InitOf<typeof ClusterSchema>;

/** What every cluster has that no DestinationRule speaks of. */
function plainCluster(init: ClusterInit): Cluster {
  return create(ClusterSchema, {
    connectTimeout: durationFromMs(10_000),
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
    ...init,
  });
}

function overEds(name: string): ClusterInit {
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: adsSource(), serviceName: name },
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
  };
}

/** A fixed place. */
function at(name: string, address: ReturnType<typeof socketAddress>): ClusterInit {
  return {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address } } }] }],
    },
  };
}

function httpOf(protocol: Protocol): ClusterInit {
  if (protocol === 'http2' || protocol === 'grpc') {
    return { typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'http2' }) };
  }
  return protocol === 'auto' ? { typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'downstream' }) } : {};
}

/** The application behind a sidecar (Istio: `inbound|8080||`). */
export function inboundCluster(inbound: InboundPort, protocol: Protocol): Built<Cluster> {
  const name = formatInboundClusterName(inbound.port);
  const address = socketAddress(inbound.app.address, inbound.app.port);
  return { message: plainCluster({ name, ...at(name, address), ...httpOf(protocol) }), origins: [] };
}

/** The application behind a redirecting sidecar: at the pod's own address, unless a Sidecar object says where. */
export function inletCluster({ cluster: name, protocol, app }: Inlet): Built<Cluster> {
  const where = app && at(name, 'path' in app ? pipeAddress(app.path) : socketAddress(app.address, app.port));
  return { message: plainCluster({ name, ...(where ?? fromWithin()), ...httpOf(protocol) }), origins: [] };
}

/** Ports of a workload that no object speaks of (Istio's name). */
export function inboundPassthroughCluster(): Built<Cluster> {
  return {
    message: plainCluster({ name: INBOUND_PASSTHROUGH_CLUSTER, ...fromWithin(), ...httpOf('auto') }),
    origins: [],
  };
}

/** Wherever the connection was going before it was redirected. */
export const ORIGINAL_DESTINATION: ClusterInit = {
  clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
  lbPolicy: Cluster_LbPolicy.CLUSTER_PROVIDED,
  lbConfig: { case: undefined },
};

/** The source address by which the kernel's rules know the proxy's own connections to its application (Istio). */
const OWN_SOURCE = { ipv4: '127.0.0.6', ipv6: '::6' } as const;

function fromWithin(): ClusterInit {
  return {
    ...ORIGINAL_DESTINATION,
    upstreamBindConfig: {
      sourceAddress: { address: OWN_SOURCE.ipv4, portSpecifier: { case: 'portValue', value: 0 } },
      extraSourceAddresses: [{ address: { address: OWN_SOURCE.ipv6, portSpecifier: { case: 'portValue', value: 0 } } }],
    },
  };
}

/** Hosts that no object names, called from a redirected workload: where they were called (Istio's name). */
export function outsideCluster(): Built<Cluster> {
  return {
    message: plainCluster({ name: PASSTHROUGH_CLUSTER, ...ORIGINAL_DESTINATION, ...httpOf('auto') }),
    origins: [],
  };
}

/** What carries mTLS bytes to the gateways of another network; it cannot read them. A load balancer may have a name only. */
export function crossNetworkCluster(mesh: MeshView, network: NetworkId): Built<Cluster> {
  const name = crossNetworkName(network);
  const { addresses, origins } = mesh.gateways.entry(network);
  const byName: ClusterInit = {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS },
    respectDnsTtl: true,
    dnsFailureRefreshRate: { baseInterval: durationFromMs(1_000), maxInterval: durationFromMs(10_000) },
    dnsLookupFamily: Cluster_DnsLookupFamily.V4_PREFERRED,
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    loadAssignment: gatewayAssignment(mesh, network),
  };
  const message = plainCluster({
    name,
    ...(addresses.every(({ address }) => isIpAddress(address)) ? overEds(name) : byName),
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
    outlierDetection: outlierDetection(undefined),
  });
  return { message, origins };
}

/** Where an east-west gateway sends the bytes of an SNI: pods of its own network, TLS untouched. */
export function passthroughCluster(named: { readonly name: string; readonly target: Target }): Built<Cluster> {
  return { message: plainCluster({ name: named.name, ...overEds(named.name) }), origins: named.target.service.origins };
}

/** Traffic to nowhere (Istio's name). */
export function blackHoleCluster(): Built<Cluster> {
  const message = plainCluster({
    name: BLACK_HOLE_CLUSTER,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
  });
  return { message, origins: [] };
}
