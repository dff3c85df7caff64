import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { durationFromMs, formatInboundClusterName, socketAddress, tlsInspector } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { InboundPort, Protocol, ProxyScope } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { listenerName } from '../names.ts';
import { inboundChains, readingOf } from './inbound-chains.ts';
import { inboundFilters } from './inbound-filters.ts';

/** What one port of a workload speaks: what the Services that lead to it say. */
export function inboundProtocol(mesh: MeshView, proxy: ProxyScope, port: number): Protocol {
  return mesh.workloads.servicePorts(proxy.client.cluster, proxy.client, proxy.workload).get(port) ?? 'auto';
}

/** The listener of one port of a workload behind a sidecar: who may connect, and on to the application. */
export function inboundListener(mesh: MeshView, proxy: ProxyScope, inbound: InboundPort): Built<Listener> {
  const mtls = mesh.policies.mtls(proxy.client);
  const mode = mtls.byPort.get(inbound.port) ?? mtls.mode;
  const filters = inboundFilters(mesh, proxy, {
    cluster: formatInboundClusterName(inbound.port),
    statPrefix: `inbound_${inbound.bind.address}_${inbound.bind.port}`,
    port: inbound.port,
  });
  // A port that does not say what it speaks is HTTP here: calls come in through HTTP proxies.
  const reading = readingOf(inboundProtocol(mesh, proxy, inbound.port)) === 'tcp' ? 'tcp' : 'http';
  const message = create(ListenerSchema, {
    name: listenerName(inbound.bind),
    address: socketAddress(inbound.bind.address, inbound.bind.port),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: mode === 'DISABLE' ? [] : [tlsInspector()],
    listenerFiltersTimeout: durationFromMs(5_000),
    filterChains: [...inboundChains({ prefix: '', mode, reading, filters, match: {}, opaqueTls: true })],
  });
  return { message, origins: [...filters.origins, ...mtls.origins] };
}
