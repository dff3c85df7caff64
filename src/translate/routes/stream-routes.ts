import type { TcpMatch, TcpRoute, TlsMatch, TlsRoute } from '../../config/index.ts';
import { gatewayKey, MESH_GATEWAY, selects, type VirtualService } from '../../mesh/index.ts';
import { type Hostname, hostnameCovers, parseHostname } from '../../model/index.ts';
import type { RouteContext } from './destinations.ts';

/** Where a match of any kind says for whom it is. */
type Addressed = Pick<TcpMatch & TlsMatch, 'port' | 'gateways' | 'sourceLabels' | 'sourceNamespace'>;

/** Is a match for this way in, this port and this client? Without gateways it is for those of its VirtualService. */
export function appliesTo(match: Addressed, rule: VirtualService, context: RouteContext): boolean {
  const gateways = match.gateways ?? [];
  const here =
    gateways.length === 0 || gateways.some((name) => gatewayKey(name, rule.meta.namespace) === context.gateway);
  const source =
    context.gateway !== MESH_GATEWAY ||
    (selects(match.sourceLabels, context.client.labels) &&
      (!match.sourceNamespace || match.sourceNamespace === context.client.namespace));
  return here && source && (!match.port || match.port === context.port);
}

/** The first TCP route that takes a connection to the context's port. Matches on addresses need addresses, and fit none. */
export function tcpRoute(rule: VirtualService, context: RouteContext): TcpRoute | undefined {
  return (rule.spec.tcp ?? []).find(
    ({ match }) =>
      !match?.length ||
      match.some((one) => !one.destinationSubnets?.length && !one.sourceSubnet && appliesTo(one, rule, context)),
  );
}

/** A TLS route with the server names that it takes. */
export interface SniRoute {
  readonly route: TlsRoute;
  readonly sniHosts: readonly Hostname[];
}

/** The TLS routes for the context's port, each with those of its server names that are covered by the hosts. */
export function tlsRoutes(
  rule: VirtualService,
  context: RouteContext,
  hosts: readonly Hostname[],
): readonly SniRoute[] {
  return (rule.spec.tls ?? []).flatMap((route) => {
    const matches = route.match.filter((one) => !one.destinationSubnets?.length && appliesTo(one, rule, context));
    const sniHosts = matches
      .flatMap((match) => match.sniHosts.map(parseHostname))
      .filter((sni) => hosts.some((host) => hostnameCovers(host, sni)));
    return sniHosts.length > 0 ? [{ route, sniHosts: [...new Set(sniHosts)].sort() }] : [];
  });
}
