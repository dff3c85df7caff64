import { create } from '@bufbuild/protobuf';
import {
  VirtualHost_TlsRequirementType,
  type VirtualHostSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { compare, type MeshView } from '../../mesh/index.ts';
import { formatObjectRef, type Hostname, type ObjectRef, type ProxyScope, parseHostname } from '../../model/index.ts';
import type { Built, InitOf } from '../built.ts';
import { REFUSED_HEADER } from '../listeners/connection-manager.ts';
import {
  boundRules,
  type GatewayServer,
  gatewayNameOf,
  gatewayRoutesName,
  gatewayServers,
} from '../listeners/gateway-servers.ts';
import { type RouteInit, virtualServiceRoutes } from './http-routes.ts';

/** What is found for one host while servers and rules are gone through. */
interface HostRoutes {
  readonly routes: RouteInit[];
  readonly rules: Set<string>;
  readonly origins: ObjectRef[];
  redirect: boolean;
  port: number;
}

/** The servers that have their routes under this name. Tracked. */
function serversOf(mesh: MeshView, proxy: ProxyScope, name: string): readonly GatewayServer[] {
  return gatewayServers(mesh, proxy).filter(
    (server) => (server.kind === 'http' || server.kind === 'https') && gatewayRoutesName(server) === name,
  );
}

/** The names of all route configurations of a gateway proxy. Tracked. */
export function gatewayRouteNames(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  const servers = gatewayServers(mesh, proxy).filter(({ kind }) => kind === 'http' || kind === 'https');
  return [...new Set(servers.map(gatewayRoutesName))].sort();
}

/** A gateway's routes: the virtual hosts of all VirtualServices bound to its Gateways, merged by host (Istio). Tracked. */
export function gatewayRoutes(mesh: MeshView, proxy: ProxyScope, name: string): Built<RouteConfiguration> | undefined {
  const servers = serversOf(mesh, proxy, name);
  const [first] = servers;
  if (!first) return undefined;
  const hosts = new Map<Hostname, HostRoutes>();
  for (const server of servers) collect(mesh, proxy, { server, hosts });
  const sorted = [...hosts].sort(([a], [b]) => compare(a, b));
  const virtualHosts = sorted.map(([host, found]) => virtualHost(host, found));
  const message = create(RouteConfigurationSchema, {
    name,
    validateClusters: false,
    responseHeadersToRemove: [REFUSED_HEADER],
    virtualHosts: virtualHosts.length > 0 ? virtualHosts : [nothingHere(first.server.port.number)],
    ignorePortInHostMatching: true,
  });
  const origins = [...servers.map(({ gateway }) => gateway.ref), ...sorted.flatMap(([, found]) => found.origins)];
  return { message, origins };
}

function collect(
  mesh: MeshView,
  proxy: ProxyScope,
  of: { readonly server: GatewayServer; readonly hosts: Map<Hostname, HostRoutes> },
): void {
  const { server, hosts } = of;
  const port = server.server.port.number;
  const redirect = server.kind === 'http' && server.server.tls?.httpsRedirect === true;
  const at = (host: Hostname): HostRoutes => {
    const found = hosts.get(host) ?? { routes: [], rules: new Set(), origins: [], redirect: false, port };
    hosts.set(host, found);
    found.redirect ||= redirect;
    return found;
  };
  for (const { rule, hosts: shared } of boundRules(mesh, proxy, server)) {
    const context = { client: proxy.client, port, gateway: gatewayNameOf(server) };
    const routes = virtualServiceRoutes(mesh, rule, context);
    for (const host of routes.length > 0 ? shared : []) {
      const found = at(host);
      const key = formatObjectRef(rule.ref);
      if (found.rules.has(key)) continue;
      found.rules.add(key);
      found.routes.push(...routes);
      found.origins.push(rule.ref);
    }
  }
  // A redirect to https needs no VirtualService.
  if (redirect) for (const host of server.server.hosts) at(parseHostname(host.slice(host.indexOf('/') + 1)));
}

function virtualHost(host: Hostname, found: HostRoutes): InitOf<typeof VirtualHostSchema> {
  return {
    name: `${host}:${found.port}`,
    domains: [host],
    routes: found.routes,
    includeRequestAttemptCount: true,
    ...(found.redirect ? { requireTls: VirtualHost_TlsRequirementType.ALL } : {}),
  };
}

/** Istio's name for a gateway port without routes. */
function nothingHere(port: number): InitOf<typeof VirtualHostSchema> {
  return { name: `blackhole:${port}`, domains: ['*'] };
}
