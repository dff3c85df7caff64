/** Names of Envoy resources that are ours to choose; where Istio has a name for the same thing, it is Istio's. */

/** The route configuration behind a sidecar's `http_proxy` listener (Istio: RDSHttpProxy). */
export const HTTP_PROXY_ROUTES = 'http_proxy';
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** The internal listener and the cluster that carry bytes into another network. */
export function crossNetworkName(network: string): string {
  return `network|${network}`;
}

/** @returns the network, or undefined where the name is no such name. */
export function parseCrossNetworkName(name: string): string | undefined {
  return name.startsWith('network|') ? name.slice('network|'.length) : undefined;
}

/** A listener's name (Istio: address and port). */
export function listenerName(socket: { readonly address: string; readonly port: number }): string {
  return `${socket.address}_${socket.port}`;
}

/** A gateway's route configuration (Istio: `http.8080`). */
export function gatewayRoutesName(port: number): string {
  return `http.${port}`;
}
