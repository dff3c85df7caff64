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
  socketAddress,
} from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { InboundPort, NetworkId, Protocol } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { gatewayAssignment } from '../endpoints.ts';
import { BLACK_HOLE_CLUSTER, crossNetworkName } from '../names.ts';
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

/** The application behind a sidecar (Istio: `inbound|8080||`). */
export function inboundCluster(inbound: InboundPort, protocol: Protocol): Built<Cluster> {
  const http2 = protocol === 'http2' || protocol === 'grpc';
  const name = formatInboundClusterName(inbound.port);
  const address = socketAddress(inbound.app.address, inbound.app.port);
  const message = plainCluster({
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    loadAssignment: {
      clusterName: name,
      endpoints: [{ lbEndpoints: [{ hostIdentifier: { case: 'endpoint', value: { address } } }] }],
    },
    ...(http2 ? { typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'http2' }) } : {}),
    ...(protocol === 'auto' ? { typedExtensionProtocolOptions: httpProtocolOptions({ kind: 'downstream' }) } : {}),
  });
  return { message, origins: [] };
}

/** What carries mTLS bytes to the gateways of another network; it cannot read them. A load balancer may have a name only. */
export function crossNetworkCluster(mesh: MeshView, network: NetworkId): Built<Cluster> {
  const name = crossNetworkName(network);
  const { addresses, origins } = mesh.gateways.entry(network);
  const byName: ClusterInit = {
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STRICT_DNS },
    respectDnsTtl: true,
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
