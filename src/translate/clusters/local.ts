import { create } from '@bufbuild/protobuf';
import {
  type Cluster,
  Cluster_DiscoveryType,
  Cluster_LbPolicy,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { HttpProtocolOptionsSchema } from '../../envoy/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';
import { pack } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { InboundPort, NetworkId, Protocol } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { socketAddress, type Target } from '../endpoints.ts';
import { ads, duration } from '../envoy-types.ts';
import { BLACK_HOLE_CLUSTER, crossNetworkName } from '../names.ts';
import { circuitBreakers, outlierDetection } from './traffic-policy.ts';

/** The application behind a sidecar (Istio: `inbound|8080||`). */
export function inboundCluster(inbound: InboundPort, protocol: Protocol): Built<Cluster> {
  const http2 = protocol === 'http2' || protocol === 'grpc';
  const name = `inbound|${inbound.port}||`;
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(10_000),
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
    loadAssignment: {
      clusterName: name,
      endpoints: [
        {
          lbEndpoints: [
            {
              hostIdentifier: {
                case: 'endpoint',
                value: { address: socketAddress(inbound.app.address, inbound.app.port) },
              },
            },
          ],
        },
      ],
    },
    ...(http2 ? { typedExtensionProtocolOptions: HTTP2 } : {}),
  });
  return { message, origins: [] };
}

const HTTP2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': pack(HttpProtocolOptionsSchema, {
    upstreamProtocolOptions: {
      case: 'explicitHttpConfig',
      value: { protocolConfig: { case: 'http2ProtocolOptions', value: {} } },
    },
  }),
};

/** What carries mTLS bytes to the gateways of another network; it cannot read them. */
export function crossNetworkCluster(mesh: MeshView, network: NetworkId): Built<Cluster> {
  const name = crossNetworkName(network);
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads(), serviceName: name },
    connectTimeout: duration(10_000),
    lbPolicy: Cluster_LbPolicy.ROUND_ROBIN,
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
    outlierDetection: outlierDetection(undefined),
  });
  return { message, origins: mesh.gateways.entry(network).origins };
}

/** Where an east-west gateway sends the bytes of an SNI: pods of its own network, TLS untouched. */
export function passthroughCluster(named: { readonly name: string; readonly target: Target }): Built<Cluster> {
  const message = create(ClusterSchema, {
    name: named.name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
    edsClusterConfig: { edsConfig: ads(), serviceName: named.name },
    connectTimeout: duration(10_000),
    commonLbConfig: { healthyPanicThreshold: { value: 0 } },
    circuitBreakers: { thresholds: [circuitBreakers(undefined)] },
  });
  return { message, origins: named.target.service.origins };
}

/** Traffic to nowhere (Istio's name). */
export function blackHoleCluster(): Built<Cluster> {
  return emptyCluster(BLACK_HOLE_CLUSTER);
}

function emptyCluster(name: string): Built<Cluster> {
  const message = create(ClusterSchema, {
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.STATIC },
    connectTimeout: duration(10_000),
  });
  return { message, origins: [] };
}
