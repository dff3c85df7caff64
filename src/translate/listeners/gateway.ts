import { create } from '@bufbuild/protobuf';
import type { FilterChainSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { type Listener, ListenerSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { durationFromMs, socketAddress, tlsInspector } from '../../envoy/index.ts';
import { compare, type MeshView } from '../../mesh/index.ts';
import { formatObjectRef, type ObjectRef, type ProxyScope } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { type GatewayChain, serverChains } from './gateway-chains.ts';
import { gatewayBind, gatewayListenerName, gatewayServers } from './gateway-servers.ts';
import { otherFamily } from './wildcard-address.ts';

/** A listener with the Envoy clusters that its filters name; HTTP routes have theirs in RDS. */
export interface GatewayListener extends Built<Listener> {
  readonly clusters: readonly string[];
}

/** The ports of a gateway proxy that something is done on. Tracked. */
export function gatewayPorts(mesh: MeshView, proxy: ProxyScope): readonly number[] {
  const ports = new Set(gatewayServers(mesh, proxy).map(({ port }) => port));
  return [...ports].filter((port) => gatewayListener(mesh, proxy, port) !== undefined).sort((a, b) => a - b);
}

/** All that a gateway proxy does on one port. Tracked. */
export function gatewayListener(mesh: MeshView, proxy: ProxyScope, port: number): GatewayListener | undefined {
  const servers = gatewayServers(mesh, proxy).filter((server) => server.port === port);
  const made = withoutConflicts(servers.flatMap((server) => serverChains(mesh, proxy, server)));
  if (made.length === 0) return undefined;
  const bind = gatewayBind(proxy, port);
  const message = create(ListenerSchema, {
    name: gatewayListenerName(port),
    address: socketAddress(bind.address, bind.port),
    additionalAddresses: bind.address === '0.0.0.0' ? otherFamily(proxy, bind.port) : [],
    listenerFilters: made.some(({ match }) => match !== 'plain') ? [tlsInspector()] : [],
    listenerFiltersTimeout: durationFromMs(5_000),
    filterChains: made.map(envoyChain),
  });
  const origins = made.flatMap((chain) => chain.origins);
  return { message, origins: byName(origins), clusters: made.flatMap(({ clusters }) => clusters) };
}

/**
 * Two chains that match the same connections are refused by Envoy with the whole listener: the older Gateway has the name,
 * as in Istio, and the younger one the names that are left.
 */
function withoutConflicts(chains: readonly GatewayChain[]): readonly GatewayChain[] {
  const taken = new Set<string>();
  return chains.flatMap((chain) => {
    const names = chain.match === 'plain' ? ['plain'] : chain.match.length === 0 ? ['*'] : chain.match;
    const free = names.filter((name) => !taken.has(name));
    for (const name of free) taken.add(name);
    if (free.length === 0) return [];
    return chain.match === 'plain' || chain.match.length === 0 ? [chain] : [{ ...chain, match: free }];
  });
}

function envoyChain({ name, match, filters, transportSocket }: GatewayChain): InitOf<typeof FilterChainSchema> {
  return {
    name,
    ...(match === 'plain' ? {} : { filterChainMatch: { transportProtocol: 'tls', serverNames: [...match] } }),
    filters: [...filters],
    ...(transportSocket ? { transportSocket } : {}),
  };
}

function byName(refs: readonly ObjectRef[]): readonly ObjectRef[] {
  return refs.toSorted((a, b) => compare(formatObjectRef(a), formatObjectRef(b)));
}
