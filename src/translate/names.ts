/** Names of Envoy resources that are ours to choose; where Istio has a name for the same thing, it is Istio's. */

/** The route configuration behind a sidecar's `http_proxy` listener (Istio: RDSHttpProxy). */
export const HTTP_PROXY_ROUTES = 'http_proxy';
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';
/** Where calls to hosts go that no object names. */
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** The internal listener and the cluster that carry bytes into another network. */
export function crossNetworkName(network: string): string {
  return `network|${network}`;
}

/** @returns the network, or undefined where the name is no such name. */
export function parseCrossNetworkName(name: string): string | undefined {
  return name.startsWith('network|') ? name.slice('network|'.length) : undefined;
}

/**
 * The cluster for an SNI at an east-west gateway. The prefix keeps a client, who chooses its SNI, from naming any other
 * cluster of the gateway: one that speaks with the gateway's own identity, or leads into another network.
 */
export function passthroughName(sni: string): string {
  return `${PASSTHROUGH}${sni}`;
}

const PASSTHROUGH = 'sni|';

/** @returns the SNI, or undefined where the name is no such name. */
export function parsePassthroughName(name: string): string | undefined {
  return name.startsWith(PASSTHROUGH) ? name.slice(PASSTHROUGH.length) : undefined;
}

/** A listener's name (Istio: address and port). */
export function listenerName(socket: { readonly address: string; readonly port: number }): string {
  return `${socket.address}_${socket.port}`;
}
