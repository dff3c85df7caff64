import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import {
  durationFromMs,
  httpInspector,
  offForPorts,
  originalDst,
  prefixRange,
  socketAddress,
  tcpProxy,
  tlsInspector,
} from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { Interception, ObjectRef, ProxyScope } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { BLACK_HOLE_CLUSTER, INBOUND_PASSTHROUGH_CLUSTER, VIRTUAL_INBOUND } from '../names.ts';
import { gatewayTls } from '../tls.ts';
import { type Chain, inboundChains, readingOf } from './inbound-chains.ts';
import { type InboundFilters, inboundFilters } from './inbound-filters.ts';
import { type Inlet, type Inlets, inletsOf } from './inlets.ts';
import { otherFamily } from './wildcard-address.ts';

/**
 * How long the first bytes are waited for, in milliseconds; then a connection is taken as plain text that is not HTTP. So a
 * server that speaks first works under PERMISSIVE too, if late: it needs STRICT or DISABLE to be quick (Istio).
 */
const INSPECTION_TIMEOUT_MS = 5_000;

/** The ports that the kernel redirects to. */
export type RedirectPorts = Extract<Interception, { kind: 'redirect' }>;

/** Where all connections to a redirected workload come in: a set of chains per known port, and one for all others. */
export function virtualInbound(
  mesh: MeshView,
  proxy: ProxyScope,
  { inboundPort: port, outboundPort }: RedirectPorts,
): Built<Listener> {
  const inlets = inletsOf(mesh, proxy);
  const origins: ObjectRef[] = [...inlets.origins];
  const taken = (filters: InboundFilters): InboundFilters => {
    origins.push(...filters.origins);
    return filters;
  };
  const own = inlets.ports.flatMap((inlet) => inletChains(inlet, taken(filtersOf(mesh, proxy, inlet))));
  const besides = inlets.ports
    .filter(({ bind }) => bind !== undefined)
    .flatMap((inlet) => inletChains(passing(inlet), taken(filtersOf(mesh, proxy, passing(inlet)))));
  const others = inboundFilters(mesh, proxy, {
    cluster: INBOUND_PASSTHROUGH_CLUSTER,
    statPrefix: INBOUND_PASSTHROUGH_CLUSTER,
    port: 'real',
  });
  const rest = { prefix: 'any.', mode: inlets.mode, reading: 'sniffed', match: {}, opaqueTls: true } as const;
  const message = create(ListenerSchema, {
    name: VIRTUAL_INBOUND,
    address: socketAddress('0.0.0.0', port),
    additionalAddresses: otherFamily(proxy, port),
    trafficDirection: TrafficDirection.INBOUND,
    listenerFilters: inspectors(inlets),
    listenerFiltersTimeout: durationFromMs(INSPECTION_TIMEOUT_MS),
    continueOnListenerFiltersTimeout: true,
    filterChains: [
      loopChain(port),
      loopChain(outboundPort),
      ...own,
      ...besides,
      ...inboundChains({ ...rest, filters: taken(others) }),
    ],
  });
  return { message, origins };
}

function filtersOf(mesh: MeshView, proxy: ProxyScope, { cluster, port }: Inlet): InboundFilters {
  return inboundFilters(mesh, proxy, { cluster, statPrefix: `inbound_0.0.0.0_${port}`, port });
}

/** The same port at the other addresses of the pod: Envoy looks for no other chain once a port has matched. */
function passing({ port, mode }: Inlet): Inlet {
  return { port, mode, protocol: 'auto', cluster: INBOUND_PASSTHROUGH_CLUSTER };
}

function inletChains({ port, protocol, mode, tls, bind }: Inlet, filters: InboundFilters): readonly Chain[] {
  const match = { destinationPort: port, ...(bind ? { prefixRanges: [prefixRange(bind)] } : {}) };
  const name = bind ? `${bind}_${port}` : `${port}`;
  const reading = readingOf(protocol);
  if (tls) {
    const as = reading === 'http' ? 'http' : 'tcp';
    const transportSocket = gatewayTls(tls, as === 'http' ? ['h2', 'http/1.1'] : []);
    const filterChainMatch = { ...match, transportProtocol: 'tls' };
    return [{ name: `${name}.tls`, filterChainMatch, transportSocket, filters: [...filters[as]] }];
  }
  return inboundChains({ prefix: `${name}.`, mode, reading, filters, match, opaqueTls: reading !== 'http' });
}

/** First bytes are only waited for where it depends on them what becomes of a connection. */
function inspectors({ ports }: Inlets): ReturnType<typeof originalDst>[] {
  const plain = ports.filter(({ mode, protocol, tls }) => mode === 'DISABLE' && protocol !== 'auto' && !tls);
  const declared = ports.filter(({ protocol }) => protocol !== 'auto');
  return [
    originalDst(),
    offForPorts(
      tlsInspector(),
      plain.map(({ port }) => port),
    ),
    offForPorts(
      httpInspector(),
      declared.map(({ port }) => port),
    ),
  ];
}

/** A connection to a redirecting port itself would be sent to itself for ever. */
export function loopChain(port: number): Chain {
  const nowhere = tcpProxy({
    statPrefix: BLACK_HOLE_CLUSTER,
    clusterSpecifier: { case: 'cluster', value: BLACK_HOLE_CLUSTER },
  });
  return { name: `loop.${port}`, filterChainMatch: { destinationPort: port }, filters: [nowhere] };
}
