import type { VirtualHost } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RouteConfiguration } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';

/** How a domain covers a host: exact, then the longest suffix wildcard, the longest prefix wildcard, then `*`. */
interface Match {
  readonly tier: 0 | 1 | 2 | 3;
  readonly length: number;
}

/** The host that domains are compared with: lower case, and without port where the configuration ignores ports. */
export function domainOf(config: RouteConfiguration, authority: string): string {
  const host = authority.toLowerCase();
  return config.ignorePortInHostMatching ? withoutPort(host) : host;
}

/** `[::1]:80` becomes `[::1]`, `a:80` becomes `a`. */
export function withoutPort(host: string): string {
  return host.replace(/:\d{1,5}$/, '');
}

/** `80` of `a:80`; undefined where there is none. */
export function portOf(host: string): number | undefined {
  const found = /:(\d{1,5})$/.exec(host)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * Envoy's search order over the domains of all virtual hosts (VirtualHost.domains). Of equal matches the first one
 * counts; Envoy refuses configurations with the same domain twice.
 */
export function chooseVirtualHost(hosts: readonly VirtualHost[], host: string): VirtualHost | undefined {
  let best: { readonly match: Match; readonly virtualHost: VirtualHost } | undefined;
  for (const virtualHost of hosts) {
    for (const domain of virtualHost.domains) {
      const match = matchDomain(domain.toLowerCase(), host);
      if (match && (!best || isBetter(match, best.match))) best = { match, virtualHost };
    }
  }
  return best?.virtualHost;
}

function isBetter(a: Match, b: Match): boolean {
  return a.tier < b.tier || (a.tier === b.tier && a.length > b.length);
}

function matchDomain(domain: string, host: string): Match | undefined {
  if (domain === host) return { tier: 0, length: domain.length };
  if (domain === '*') return { tier: 3, length: 1 };
  const fixed = domain.length - 1;
  // The wildcard stands for at least one character.
  if (host.length <= fixed) return undefined;
  if (domain.startsWith('*') && host.endsWith(domain.slice(1))) return { tier: 1, length: domain.length };
  if (domain.endsWith('*') && host.startsWith(domain.slice(0, -1))) return { tier: 2, length: domain.length };
  return undefined;
}
