import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { prefixRange, tcpClusterFromFormat, tcpOnDemand, tcpProxy } from '../../envoy/index.ts';
import type { MeshView } from '../../mesh/index.ts';
import type { ClientScope } from '../../model/index.ts';
import { allowsOutside } from '../clusters/forward-proxy.ts';
import { addressClusterFormat, BLACK_HOLE_CLUSTER, PASSTHROUGH_CLUSTER } from '../names.ts';
import { accessLogs } from './connection-manager.ts';
import type { Chain, Match } from './inbound-chains.ts';

/** How long a first connection waits for its cluster, in milliseconds. */
export const ON_DEMAND_TIMEOUT_MS = 5_000;

/** What happens to calls to addresses outside of the mesh. Tracked. */
export function outsideOf(mesh: MeshView, client: ClientScope): string {
  return allowsOutside(mesh, client) ? PASSTHROUGH_CLUSTER : BLACK_HOLE_CLUSTER;
}

/** Bytes, to a cluster that is named by what is known of the connection, and asked for when it is first called. */
export function streamByFormat(mesh: MeshView, format: string): Filter[] {
  const onward = tcpProxy({
    statPrefix: 'outbound',
    clusterSpecifier: { case: 'cluster', value: BLACK_HOLE_CLUSTER },
    onDemand: tcpOnDemand(ON_DEMAND_TIMEOUT_MS),
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return [tcpClusterFromFormat(format), onward];
}

/** Bytes, to what is behind the address that was called. */
export function streamByAddress(mesh: MeshView): Filter[] {
  return streamByFormat(mesh, addressClusterFormat('tcp'));
}

/**
 * Chains for calls to addresses of the mesh, one per block: a block that comes or goes leaves the connections of the others
 * alone, as Envoy closes those of a chain that has changed.
 */
export function meshChains(mesh: MeshView, name: string, match: Match): readonly Chain[] {
  return mesh.blocks.all().map((block) => ({
    name: `${name}.${block}`,
    filterChainMatch: { ...match, prefixRanges: [prefixRange(block)] },
    filters: streamByAddress(mesh),
  }));
}

/** Bytes, to clusters that a rule names. */
export function streamTo(
  mesh: MeshView,
  shares: readonly { readonly cluster: string; readonly weight: number }[],
): Filter[] {
  const [first, ...others] = shares;
  const weighted = { clusters: shares.map(({ cluster, weight }) => ({ name: cluster, weight })) };
  const onward = tcpProxy({
    statPrefix: first?.cluster ?? BLACK_HOLE_CLUSTER,
    clusterSpecifier:
      others.length > 0
        ? { case: 'weightedClusters', value: weighted }
        : { case: 'cluster', value: first?.cluster ?? BLACK_HOLE_CLUSTER },
    onDemand: tcpOnDemand(ON_DEMAND_TIMEOUT_MS),
    accessLog: accessLogs(mesh.config.accessLogFile),
  });
  return [onward];
}
