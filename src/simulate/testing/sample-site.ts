/** A proxy of hand-made resources. */
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Cluster } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { ClusterLoadAssignment } from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { ProxySite } from '../world.ts';

/** What a proxy is made of, and who it is. */
export interface SampleParts {
  readonly identity: string;
  readonly listeners: readonly MessageInitShape<typeof ListenerSchema>[];
  readonly clusters?: readonly Cluster[];
  readonly endpoints?: readonly ClusterLoadAssignment[];
  readonly hosts?: readonly MessageInitShape<typeof VirtualHostSchema>[];
}

/** Everything it has is pushed to it. */
export function sampleSite({ identity, listeners, clusters = [], endpoints = [], hosts = [] }: SampleParts): ProxySite {
  const decoded = listeners.map((listener) => create(ListenerSchema, listener));
  const byName = new Map<string, unknown>([
    ...clusters.map((cluster) => [`Cluster ${cluster.name}`, cluster] as const),
    ...endpoints.map((assignment) => [`ClusterLoadAssignment ${assignment.clusterName}`, assignment] as const),
    ...hosts.map((host) => [`VirtualHost ${host.name}`, create(VirtualHostSchema, host)] as const),
  ]);
  return {
    address: '10.0.0.1',
    resources: {
      listeners: () => decoded,
      isPushed: () => true,
      get: (type, name) => byName.get(`${type.slice(type.lastIndexOf('.') + 1)} ${name}`) as never,
    },
    certificate: (secret) => (secret === 'default' ? { uris: [identity], dnsNames: [] } : undefined),
  };
}
