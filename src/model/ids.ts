/** A branded string: a plain string at run time, a distinct type to the compiler. */
export type Brand<Name extends string> = string & { readonly __brand: Name };

/** A member of the mesh, by the name it has in the fleet or in its kubeconfig context (`cluster1`, `us-east`). */
export type ClusterId = Brand<'ClusterId'>;
/** A set of workloads that reach each other's addresses directly (Istio: `topology.istio.io/network`). */
export type NetworkId = Brand<'NetworkId'>;
/** A lower-case host name as configuration spells it: `reviews.default.svc.cluster.local`, `*.cluster2`. */
export type Hostname = Brand<'Hostname'>;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * A cluster's name is one DNS label (RFC 1123), because it is the last part of names such as `service.cluster2`.
 * @returns the id, or undefined where the text is not a DNS label.
 */
export function parseClusterId(text: string): ClusterId | undefined {
  return LABEL.test(text) ? (text as ClusterId) : undefined;
}

/** A network's name: a Kubernetes label value. @returns undefined where the text is none. */
export function parseNetworkId(text: string): NetworkId | undefined {
  return /^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/.test(text) ? (text as NetworkId) : undefined;
}

/** Host names compare without case (RFC 4343) and without a trailing dot. */
export function parseHostname(text: string): Hostname {
  const lower = text.toLowerCase();
  return (lower.endsWith('.') ? lower.slice(0, -1) : lower) as Hostname;
}

/** Does the host name start with a wildcard label (`*.cluster2`, or `*` alone)? */
export function isWildcard(host: Hostname): boolean {
  return host.startsWith('*');
}

/**
 * Istio's host matching: a wildcard covers every name that ends in what follows the `*`.
 * A wildcard covers a longer wildcard too (`*.com` covers `*.example.com`).
 */
export function hostnameCovers(pattern: Hostname, host: Hostname): boolean {
  if (!pattern.startsWith('*')) return pattern === host;
  const suffix = pattern.slice(1);
  return host.length >= suffix.length && host.endsWith(suffix) && (host !== suffix || suffix === '');
}
