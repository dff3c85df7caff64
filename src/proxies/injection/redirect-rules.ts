import type { RedirectScope } from './redirect-scope.ts';

/** The proxy runs as this user and group, and what they send is never redirected (Istio). */
export const PROXY_UID = 1337;
export const OUTBOUND_PORT = 15001;
export const INBOUND_PORT = 15006;
export const HEALTH_PORT = 15021;
export const STATS_PORT = 15090;
export const ADMIN_PORT = 15000;

/** The proxy's own ports are reached as they are. */
const UNTOUCHED_PORTS: readonly number[] = [STATS_PORT, HEALTH_PORT];

/** Loopback addresses of each family: the own one, and the one that the proxy calls the application from (Istio). */
const FAMILIES = {
  4: { loopback: '127.0.0.1/32', passthrough: '127.0.0.6/32' },
  6: { loopback: '::1/128', passthrough: '::6/128' },
} as const;

/**
 * What `iptables-restore --noflush` (family 4) or `ip6tables-restore --noflush` (family 6) makes a pod's network of: Istio's
 * chains, and a filter that leaves Envoy's admin interface, which shares the loopback with the application, to the proxy
 * itself and to root (which a port-forward is).
 */
export function formatRedirectRules(scope: RedirectScope, family: 4 | 6): string {
  return `${[...natTable(scope, family), ...(family === 4 ? ADMIN_FILTER : [])].join('\n')}\n`;
}

function natTable(scope: RedirectScope, family: 4 | 6): readonly string[] {
  return [
    '*nat',
    ...['ISTIO_INBOUND', 'ISTIO_REDIRECT', 'ISTIO_IN_REDIRECT', 'ISTIO_OUTPUT'].map((chain) => `:${chain} - [0:0]`),
    `-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports ${OUTBOUND_PORT}`,
    `-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports ${INBOUND_PORT}`,
    ...interfaceRules(scope, family),
    ...inboundRules(scope),
    '-A OUTPUT -p tcp -j ISTIO_OUTPUT',
    ...scope.excludeOutboundPorts.map((port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j RETURN`),
    ...ownTrafficRules(family),
    ...outboundRules(scope, family),
    'COMMIT',
  ];
}

/** In the order in which they are met: the exceptions first. */
function interfaceRules({ interfaces, includeOutbound }: RedirectScope, family: 4 | 6): readonly string[] {
  return interfaces.flatMap((name) => [
    ...(includeOutbound === 'all'
      ? [`-A PREROUTING -i ${name} -p tcp -j ISTIO_REDIRECT`]
      : ofFamily(includeOutbound, family).map(
          (range) => `-A PREROUTING -i ${name} -d ${range} -p tcp -j ISTIO_REDIRECT`,
        )),
    `-A PREROUTING -i ${name} -j RETURN`,
  ]);
}

function inboundRules({ includeInboundPorts, excludeInboundPorts }: RedirectScope): readonly string[] {
  if (includeInboundPorts !== 'all' && includeInboundPorts.length === 0) return [];
  const excluded = [...UNTOUCHED_PORTS, ...excludeInboundPorts];
  return [
    '-A PREROUTING -p tcp -j ISTIO_INBOUND',
    ...(includeInboundPorts === 'all'
      ? [
          ...excluded.map((port) => `-A ISTIO_INBOUND -p tcp --dport ${port} -j RETURN`),
          '-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT',
        ]
      : includeInboundPorts
          .filter((port) => !excluded.includes(port))
          .map((port) => `-A ISTIO_INBOUND -p tcp --dport ${port} -j ISTIO_IN_REDIRECT`)),
  ];
}

/**
 * From the proxy to the application (it calls from the passthrough address): as it is. From the proxy to the pod's own
 * address, which is a pod that calls itself by a Service: in by the inbound listener, like everybody's calls. From the
 * application over the loopback, from the proxy to others, to the loopback: as it is.
 */
function ownTrafficRules(family: 4 | 6): readonly string[] {
  const { loopback, passthrough } = FAMILIES[family];
  const byOwner = ['uid', 'gid'].flatMap((owner) => [
    `-A ISTIO_OUTPUT ! -d ${loopback} -o lo -p tcp -m owner --${owner}-owner ${PROXY_UID} -j ISTIO_IN_REDIRECT`,
    `-A ISTIO_OUTPUT -o lo -m owner ! --${owner}-owner ${PROXY_UID} -j RETURN`,
    `-A ISTIO_OUTPUT -m owner --${owner}-owner ${PROXY_UID} -j RETURN`,
  ]);
  return [`-A ISTIO_OUTPUT -s ${passthrough} -o lo -j RETURN`, ...byOwner, `-A ISTIO_OUTPUT -d ${loopback} -j RETURN`];
}

function outboundRules(scope: RedirectScope, family: 4 | 6): readonly string[] {
  const { includeOutbound, excludeOutbound, includeOutboundPorts } = scope;
  return [
    ...includeOutboundPorts.map((port) => `-A ISTIO_OUTPUT -p tcp --dport ${port} -j ISTIO_REDIRECT`),
    ...ofFamily(excludeOutbound, family).map((range) => `-A ISTIO_OUTPUT -d ${range} -j RETURN`),
    ...(includeOutbound === 'all'
      ? ['-A ISTIO_OUTPUT -j ISTIO_REDIRECT']
      : ofFamily(includeOutbound, family).map((range) => `-A ISTIO_OUTPUT -d ${range} -j ISTIO_REDIRECT`)),
  ];
}

function ofFamily(ranges: RedirectScope['excludeOutbound'], family: 4 | 6): readonly string[] {
  return ranges.filter((range) => range.family === family).map(({ text }) => text);
}

/** The admin interface listens on 127.0.0.1 alone. */
const ADMIN_FILTER: readonly string[] = [
  '*filter',
  ':PELAGOS_ADMIN - [0:0]',
  ...[0, PROXY_UID].map((uid) => `-A PELAGOS_ADMIN -m owner --uid-owner ${uid} -j RETURN`),
  '-A PELAGOS_ADMIN -p tcp -j REJECT --reject-with tcp-reset',
  `-A OUTPUT -d 127.0.0.1/32 -o lo -p tcp -m tcp --dport ${ADMIN_PORT} -j PELAGOS_ADMIN`,
  'COMMIT',
];
