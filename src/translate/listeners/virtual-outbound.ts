import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { socketAddress } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ProxyScope } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { VIRTUAL_OUTBOUND } from '../names.ts';
import { meshChains, outsideOf, streamTo } from './outbound-streams.ts';
import { loopChain } from './virtual-inbound.ts';
import { otherFamily } from './wildcard-address.ts';

/**
 * Where the kernel redirects a workload's calls to. It waits for no byte: a connection goes on to the listener of its port
 * if the port may speak HTTP, and else at once to what is behind its address.
 */
export function virtualOutbound(mesh: MeshView, proxy: ProxyScope, port: number): Built<Listener> {
  const message = create(ListenerSchema, {
    name: VIRTUAL_OUTBOUND,
    address: socketAddress('0.0.0.0', port),
    additionalAddresses: otherFamily(proxy, port),
    trafficDirection: TrafficDirection.OUTBOUND,
    useOriginalDst: true,
    filterChains: [loopChain(port), ...meshChains(mesh, 'mesh', {})],
    defaultFilterChain: {
      name: 'outside',
      filters: streamTo(mesh, [{ cluster: outsideOf(mesh, proxy.client), weight: 1 }]),
    },
  });
  return { message, origins: [] };
}
