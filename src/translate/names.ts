/** Names of Envoy resources that are ours to choose; where Istio has a name for the same thing, it is Istio's. */

/** The route configuration behind a sidecar's `http_proxy` listener (Istio: RDSHttpProxy). */
export const HTTP_PROXY_ROUTES = 'http_proxy';
export const BLACK_HOLE_CLUSTER = 'BlackHoleCluster';
/** Where calls to hosts go that no object names. */
export const PASSTHROUGH_CLUSTER = 'PassthroughCluster';

/** The same by their names, whatever address was called (Istio: ALLOW_ANY_DYNAMIC_DNS). */
export const DYNAMIC_DNS_CLUSTER = 'AllowAnyDynamicDNSCluster';

/** Where connections to ports of a workload go that no object speaks of. */
export const INBOUND_PASSTHROUGH_CLUSTER = 'InboundPassthroughCluster';

/** The listeners that the kernel redirects a workload's calls, and calls to it, to. */
export const VIRTUAL_OUTBOUND = 'virtualOutbound';
export const VIRTUAL_INBOUND = 'virtualInbound';

/**
 * The request header by which a redirected request says where it was going: the name of a cluster, for routes that leave
 * the choice to the connection. The proxy sets it itself, whatever the application sends, and takes it off again.
 */
export const DESTINATION_HEADER = 'x-pelagos-destination';

/** What a connection to an address is taken for: bytes, or requests. */
export type AddressUse = 'tcp' | 'http';

/** The cluster of an address that somebody calls, asked for when it is first called: `tcp|10.96.0.10:3306`. */
export function addressClusterName(use: AddressUse, address: string): string {
  return `${use}|${address}`;
}

/** The same as an Envoy format, filled in with where the connection was going. */
export function addressClusterFormat(use: AddressUse): string {
  return addressClusterName(use, '%DOWNSTREAM_LOCAL_ADDRESS%');
}

/** @returns undefined where the name is no such name. */
export function parseAddressClusterName(
  name: string,
): { readonly use: AddressUse; readonly address: string; readonly port: number } | undefined {
  const match = /^(tcp|http)\|(?:\[([0-9a-f:.]{2,45})\]|([0-9.]{7,15})):(\d{1,5})$/.exec(name);
  if (!match) return undefined;
  const [, use, ipv6, ipv4, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  return { use: use === 'tcp' ? 'tcp' : 'http', address: ipv6 ?? ipv4 ?? '', port };
}

/** The listener for calls to one port, whatever the address (Istio: `0.0.0.0_80`). Its routes are named by the number. */
export function outboundPortName(port: number): string {
  return `0.0.0.0_${port}`;
}

/** @returns undefined where the name is no such name. */
export function parseOutboundPortName(name: string): number | undefined {
  const digits = /^0\.0\.0\.0_(\d{1,5})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** @returns the port number that is the name of a sidecar's route configuration; undefined for other names. */
export function parsePortRoutes(name: string): number | undefined {
  return /^[1-9]\d{0,4}$/.test(name) ? Number(name) : undefined;
}

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
