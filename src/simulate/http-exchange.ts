import type { Any } from '@bufbuild/protobuf/wkt';
import type { Route, VirtualHost } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { RouteConfiguration } from '../envoy/gen/envoy/config/route/v3/route_pb.ts';
import type { HttpConnectionManager } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import type { FormatFacts } from './format-string.ts';
import type { Certificate, Connection, HttpRequest } from './payload.ts';
import type { RbacFacts } from './rbac.ts';
import type { ResourceName } from './resource-lookup.ts';

/** A connection after its listener took it: what filters know. */
export interface Downstream {
  readonly connection: Connection;
  /** The listener, to which the hops of its filters belong. */
  readonly resource: ResourceName;
  readonly filterChain: string;
  /** Empty where nothing read it. */
  readonly serverName: string;
  /** Did this proxy terminate TLS? */
  readonly tls: boolean;
  readonly peer: Certificate | undefined;
  /** What this proxy presented to its peer. */
  readonly local: Certificate | undefined;
  readonly filterState: ReadonlyMap<string, string>;
}

/** What a request is routed by. */
export interface MatchedRoute {
  readonly config: RouteConfiguration;
  readonly virtualHost: VirtualHost;
  readonly route: Route;
  /** Where the virtual host came from: the route configuration, or by itself on demand. */
  readonly resource: ResourceName;
}

/** Why there is no route. */
export interface Unrouted {
  readonly kind: 'no-virtual-host' | 'no-route';
  readonly message: string;
}

/** A request in the filters of a connection manager. */
export interface HttpExchange {
  readonly downstream: Downstream;
  readonly hcm: HttpConnectionManager;
  readonly request: HttpRequest;
  readonly remoteAddress: string;
  readonly routing: MatchedRoute | Unrouted;
}

export function isRouted(routing: MatchedRoute | Unrouted): routing is MatchedRoute {
  return 'route' in routing;
}

export function formatFacts(downstream: Downstream, request?: HttpRequest): FormatFacts {
  const { connection, serverName, filterChain, filterState, peer } = downstream;
  return {
    destination: connection.destination,
    source: connection.source,
    serverName,
    filterChain,
    filterState,
    peer,
    request,
  };
}

export function rbacFacts(downstream: Downstream, exchange?: HttpExchange): RbacFacts {
  const { connection, serverName, filterState, peer, tls } = downstream;
  return {
    destination: connection.destination,
    source: connection.source,
    remoteAddress: exchange?.remoteAddress ?? connection.source.address,
    serverName,
    filterState,
    peer,
    tls,
    request: exchange?.request,
  };
}

/** A filter's settings for one route: the route's own, else its virtual host's, else the route configuration's. */
export function perRouteConfig(routing: MatchedRoute | Unrouted, filter: string): Any | undefined {
  if (!isRouted(routing)) return undefined;
  const { route, virtualHost, config } = routing;
  return (
    route.typedPerFilterConfig[filter] ??
    virtualHost.typedPerFilterConfig[filter] ??
    config.typedPerFilterConfig[filter]
  );
}
