import type { VirtualHost } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { VirtualHost_TlsRequirementType as TlsRequirement } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RouteConfiguration } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import type { HttpConnectionManager } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import type { Downstream, MatchedRoute, Unrouted } from './http-exchange.ts';
import type { HttpRequest } from './payload.ts';
import { type ResourceName, ROUTE_CONFIGURATION, VIRTUAL_HOST } from './resource-lookup.ts';
import { chooseRoutes, describeMatch } from './route-match.ts';
import { type Step, withHop, withShare } from './step.ts';
import { typedConfigOf, typeOf } from './typed-config.ts';
import { chooseVirtualHost, domainOf } from './virtual-host-match.ts';

/** A way to route a request: where the walk stands then, and by what. */
export interface Routed {
  readonly step: Step;
  readonly routing: MatchedRoute | Unrouted;
  /** The virtual host takes only TLS, and the request came without: it is sent to https (VirtualHost.require_tls). */
  readonly tlsRedirect: boolean;
}

/** What a route is looked up by. */
export interface RouteQuery {
  readonly hcm: HttpConnectionManager;
  readonly downstream: Downstream;
  readonly request: HttpRequest;
}

interface FoundHost {
  readonly virtualHost: VirtualHost;
  readonly resource: ResourceName;
}

/** Finds the route configuration, the virtual host (on demand too) and the route; several where runtime fractions split. */
export function routeRequest(step: Step, query: RouteQuery): readonly Routed[] {
  const { hcm, request, downstream } = query;
  const inline = hcm.routeSpecifier.case === 'routeConfig' ? hcm.routeSpecifier.value : undefined;
  const name = hcm.routeSpecifier.case === 'rds' ? hcm.routeSpecifier.value.routeConfigName : (inline?.name ?? '');
  const resource: ResourceName = inline ? downstream.resource : { type: ROUTE_CONFIGURATION, name };
  const config = inline ?? step.site.resources.get(ROUTE_CONFIGURATION, name);
  if (!config) return [none(step, 'no-virtual-host', `the proxy has no route configuration ${name}`)];
  const at = withHop(step, { kind: 'route-configuration', name, resource }, `routes by ${name}`);
  const host = domainOf(config, request.authority);
  const found = findHost({ step: at, config, query, resource }, host);
  if (!found) return [none(at, 'no-virtual-host', `no virtual host of ${name} is for the host ${host || '(empty)'}`)];
  const { virtualHost } = found;
  const hosted = withHop(
    at,
    { kind: 'virtual-host', name: virtualHost.name, resource: found.resource },
    `${host} belongs to the virtual host ${virtualHost.name}`,
  );
  if (requiresTls(virtualHost, request)) {
    const routing: Unrouted = { kind: 'no-route', message: `${virtualHost.name} takes only TLS` };
    return [{ step: hosted, routing, tlsRedirect: true }];
  }
  return chooseRoutesOf(hosted, { config, found, query });
}

function chooseRoutesOf(
  step: Step,
  at: { readonly config: RouteConfiguration; readonly found: FoundHost; readonly query: RouteQuery },
): readonly Routed[] {
  const { config, found, query } = at;
  const { request, downstream } = query;
  const facts = { request, clientCertificate: downstream.peer !== undefined, filterState: downstream.filterState };
  return chooseRoutes(found.virtualHost, facts).map(({ route, share }) => {
    const shared = share < 1 ? withShare(step, share) : step;
    if (!route) {
      const what = request.path || request.method;
      return none(shared, 'no-route', `no route of ${found.virtualHost.name} is for ${request.method} ${what}`);
    }
    const subject = { kind: 'route', name: route.name, resource: found.resource } as const;
    return {
      step: withHop(shared, subject, `takes the route ${route.name || '(no name)'}: ${describeMatch(route.match)}`),
      routing: { config, virtualHost: found.virtualHost, route, resource: found.resource },
      tlsRedirect: false,
    };
  });
}

function none(step: Step, kind: Unrouted['kind'], message: string): Routed {
  return { step, routing: { kind, message }, tlsRedirect: false };
}

/**
 * The virtual hosts of the configuration come first; where none fits and the configuration has VHDS, the `on_demand` filter
 * asks for `<route configuration>/<host>`.
 */
function findHost(
  at: {
    readonly step: Step;
    readonly config: RouteConfiguration;
    readonly query: RouteQuery;
    readonly resource: ResourceName;
  },
  host: string,
): FoundHost | undefined {
  const { config, step, query, resource } = at;
  const own = chooseVirtualHost(config.virtualHosts, host);
  if (own) return { virtualHost: own, resource };
  if (!config.vhds || !hasOnDemand(query.hcm)) return undefined;
  const name = `${config.name}/${host}`;
  const asked = step.site.resources.get(VIRTUAL_HOST, name);
  const virtualHost = asked && chooseVirtualHost([asked], host);
  return virtualHost && { virtualHost, resource: { type: VIRTUAL_HOST, name: virtualHost.name || name } };
}

function hasOnDemand(hcm: HttpConnectionManager): boolean {
  return hcm.httpFilters.some(
    (filter) => typeOf(typedConfigOf(filter.configType)) === 'envoy.extensions.filters.http.on_demand.v3.OnDemand',
  );
}

function requiresTls(virtualHost: VirtualHost, request: HttpRequest): boolean {
  if (request.scheme === 'https') return false;
  return virtualHost.requireTls === TlsRequirement.ALL || virtualHost.requireTls === TlsRequirement.EXTERNAL_ONLY;
}
