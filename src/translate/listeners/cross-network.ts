import { create } from '@bufbuild/protobuf';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { tcpProxy } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { NetworkId } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { crossNetworkName } from '../names.ts';

/** Inside the proxy: takes the mTLS bytes for pods of another network and carries them to that network's gateways. */
export function crossNetworkListener(mesh: MeshView, network: NetworkId): Built<Listener> {
  const name = crossNetworkName(network);
  const onward = tcpProxy({
    statPrefix: name,
    clusterSpecifier: { case: 'cluster', value: name },
    maxConnectAttempts: 3,
  });
  const message = create(ListenerSchema, {
    name,
    listenerSpecifier: { case: 'internalListener', value: {} },
    filterChains: [{ filters: [onward] }],
  });
  return { message, origins: mesh.gateways.entry(network).origins };
}
