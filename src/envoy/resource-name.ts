/** Which side of a proxy a cluster serves: calls of the workload, or calls to it. */
export type TrafficDirection = 'outbound' | 'inbound';

/** What the name of an Envoy cluster says, in Istio's form (BuildSubsetKey in istio/pilot/pkg/model/push_context.go). */
export interface ClusterName {
  readonly direction: TrafficDirection;
  /** The service's port, 1 to 65535; inbound: the workload's port. */
  readonly port: number;
  /** A subset of a DestinationRule; empty for the whole service. */
  readonly subset: string;
  /** The service's host name; empty for inbound. */
  readonly hostname: string;
}

/** A DNS name has at most 253 characters (RFC 1035), a label 63; a proxy may ask for any name, so more is refused. */
const MAX_NAME_LENGTH = 512;
const PIPE_FORM = /^(outbound|inbound)\|([1-9][0-9]{0,4})\|([^|]*)\|([^|]*)$/;
/** Neither a subset nor a host holds `_.`: their labels do not end in an underscore. */
const SNI_FORM = /^(outbound)_\.([1-9][0-9]{0,4})_\.((?:(?!_\.).)*)_\.((?:(?!_\.).)+)$/;

/** `outbound|80|v1|reviews.default.svc.cluster.local`. */
export function formatClusterName(name: ClusterName): string {
  return `${name.direction}|${name.port}|${name.subset}|${name.hostname}`;
}

/** The cluster of a workload's own port: `inbound|8080||`. */
export function formatInboundClusterName(port: number): string {
  return formatClusterName({ direction: 'inbound', port, subset: '', hostname: '' });
}

/** @returns undefined for any other text, such as the name of a cluster that is not a service's. */
export function parseClusterName(text: string): ClusterName | undefined {
  return parseForm(PIPE_FORM, text);
}

/**
 * An outbound cluster as a server name of TLS, by which AUTO_PASSTHROUGH gateways route:
 * `outbound_.80_.v1_.reviews.default.svc.cluster.local` (Istio's BuildDNSSrvSubsetKey).
 * Envoy's tls_inspector gives server names in lower case, so a subset with capitals does not survive the way.
 */
export function formatSniClusterName(name: Omit<ClusterName, 'direction'>): string {
  return `outbound_.${name.port}_.${name.subset}_.${name.hostname}`;
}

/** @returns undefined where the text is no name that {@link formatSniClusterName} writes. */
export function parseSniClusterName(text: string): ClusterName | undefined {
  return parseForm(SNI_FORM, text);
}

function parseForm(form: RegExp, text: string): ClusterName | undefined {
  if (text.length > MAX_NAME_LENGTH) return undefined;
  const match = form.exec(text);
  if (!match) return undefined;
  const [, direction, digits, subset = '', hostname = ''] = match;
  const port = Number(digits);
  if (port > 65535) return undefined;
  return { direction: direction === 'inbound' ? 'inbound' : 'outbound', port, subset, hostname };
}

/** A virtual host that is asked for on demand: of which route configuration, for which host. */
export interface VirtualHostName {
  readonly routeConfiguration: string;
  /** The request's authority in lower case; it may end in a port. */
  readonly host: string;
}

/** `80/reviews.default`, as Envoy's VHDS spells the name it asks for. */
export function formatVirtualHostName(name: VirtualHostName): string {
  return `${name.routeConfiguration}/${name.host}`;
}

/**
 * Cuts at the last slash, as Envoy does: a route configuration's name may hold slashes, a host may not.
 * @returns undefined where either part is empty.
 */
export function parseVirtualHostName(text: string): VirtualHostName | undefined {
  const slash = text.lastIndexOf('/');
  const name = { routeConfiguration: text.slice(0, Math.max(slash, 0)), host: text.slice(slash + 1) };
  return slash > 0 && name.host !== '' ? name : undefined;
}
