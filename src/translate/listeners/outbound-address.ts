import { create } from '@bufbuild/protobuf';
import { TrafficDirection } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { durationFromMs, httpInspector, socketAddress, tlsInspector } from '../../envoy/index.ts';
import { MESH_GATEWAY, type MeshView, type VirtualService } from '../../mesh/index.ts';
import { type ClientScope, type Hostname, isWildcard, type ObjectRef, parseHostname } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { addressClusterFormat, listenerName } from '../names.ts';
import { type DestinationShare, destinationShares } from '../routes/destinations.ts';
import { ruleFor } from '../routes/rule-for.ts';
import { tcpRoute } from '../routes/stream-routes.ts';
import { visibleService } from '../targets.ts';
import { httpChain, httpFilters, outboundPorts } from './outbound-port.ts';
import { streamByAddress, streamTo } from './outbound-streams.ts';

/** Addresses, at one port, that have a listener of their own. */
export interface OutboundAddress {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Where bytes go; empty: to what is behind the address. */
  readonly shares: readonly DestinationShare[];
  /** May it speak HTTP, so that its first bytes are looked at? */
  readonly sniffed: boolean;
  readonly origins: readonly ObjectRef[];
}

/** More than this a proxy does not hold: what is beyond shares the listener of its port, and waits for the first bytes. */
const MAX_ADDRESSES = 256;

/**
 * What cannot share the listener of its port, by the listener's name: a TCP service on a port where others speak HTTP,
 * whose server may speak first; and what a TCP route splits over several destinations. Tracked.
 */
export function outboundAddresses(mesh: MeshView, client: ClientScope): ReadonlyMap<string, OutboundAddress> {
  const found = new Map<string, OutboundAddress>();
  const add = (one: OutboundAddress): void => {
    const [address] = one.addresses;
    const name = address === undefined ? '' : listenerName({ address, port: one.port });
    if (name !== '' && !found.has(name) && found.size < MAX_ADDRESSES) found.set(name, one);
  };
  for (const rule of mesh.rules.streams(client.namespace, 'tcp')) {
    for (const host of rule.spec.hosts ?? []) for (const one of splitOf(mesh, client, { rule, host })) add(one);
  }
  for (const port of outboundPorts(mesh)) {
    for (const host of mesh.calledPorts.streamHosts(port)) {
      const service = visibleService(mesh, client, host);
      const protocol = service?.ports.find(({ number }) => number === port)?.protocol;
      if (!service || protocol !== 'tcp') continue;
      const addresses = mesh.addresses.of(client.cluster, service);
      add({ addresses, port, shares: [], sniffed: false, origins: service.origins });
    }
  }
  return found;
}

/** The ports of a host on which a rule shares bytes out between several destinations. */
function splitOf(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly rule: VirtualService; readonly host: string },
): readonly OutboundAddress[] {
  const { rule } = of;
  const host = parseHostname(of.host);
  if (isWildcard(host)) return [];
  const service = visibleService(mesh, client, host);
  if (ruleFor(mesh, client, { host, service, part: 'tcp' }) !== rule) return [];
  const ports = service?.ports.filter(({ protocol }) => protocol === 'tcp' || protocol === 'auto') ?? [];
  const named = (rule.spec.tcp ?? []).flatMap(({ match }) => (match ?? []).flatMap(({ port }) => port ?? []));
  const numbers = service ? ports.map(({ number }) => number) : named;
  const addresses = service ? mesh.addresses.of(client.cluster, service) : nameAddresses(mesh, host);
  return [...new Set(numbers)].flatMap((port) => {
    const context = { client, port, gateway: MESH_GATEWAY };
    const route = tcpRoute(rule, context);
    const shares = route ? destinationShares(mesh, rule, { context, destinations: route.route ?? [] }) : [];
    if (shares.length < 2) return [];
    const sniffed = ports.some(({ number, protocol }) => number === port && protocol === 'auto');
    return [{ addresses, port, shares, sniffed, origins: [rule.ref, ...(service?.origins ?? [])] }];
  });
}

function nameAddresses(mesh: MeshView, host: Hostname): readonly string[] {
  const address = mesh.addresses.ofRule(host);
  return address === undefined ? [] : [address];
}

/** Calls to one port of one service. It is handed connections by `virtualOutbound` and binds nothing. Tracked. */
export function outboundAddressListener(
  mesh: MeshView,
  client: ClientScope,
  name: string,
): Built<Listener> | undefined {
  const found = outboundAddresses(mesh, client).get(name);
  if (!found) return undefined;
  const { addresses, port, shares, sniffed, origins } = found;
  const [first = '', ...others] = addresses;
  const http = httpChain('http', {}, httpFilters(mesh, port, { destination: addressClusterFormat('http') }));
  const message = create(ListenerSchema, {
    name,
    address: socketAddress(first, port),
    additionalAddresses: others.map((address) => ({ address: socketAddress(address, port) })),
    bindToPort: false,
    trafficDirection: TrafficDirection.OUTBOUND,
    ...(sniffed ? { listenerFilters: [tlsInspector(), httpInspector()], filterChains: [http] } : {}),
    listenerFiltersTimeout: durationFromMs(0),
    defaultFilterChain: { name: 'tcp', filters: shares.length > 0 ? streamTo(mesh, shares) : streamByAddress(mesh) },
  });
  return { message, origins };
}
