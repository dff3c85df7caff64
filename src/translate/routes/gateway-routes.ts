import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  VirtualHost_TlsRequirementType,
  type VirtualHostSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import {
  compare,
  type Gateway,
  gatewayKey,
  isExportedTo,
  type MeshView,
  type VirtualService,
} from '../../mesh/index.ts';
import { type Hostname, hostnameCovers, type ObjectRef, type ProxyScope, parseHostname } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { type GatewayServer, gatewayServers } from '../listeners/gateway.ts';
import { gatewayRoutesName } from '../names.ts';
import { type RouteInit, virtualServiceRoutes } from './http-routes.ts';

interface HostRoutes {
  readonly routes: RouteInit[];
  redirect: boolean;
  readonly origins: ObjectRef[];
}

/** A gateway's routes on one port: the virtual hosts of all VirtualServices bound to its Gateways, merged by host (Istio). */
export function gatewayRoutes(mesh: MeshView, proxy: ProxyScope, port: number): Built<RouteConfiguration> {
  const hosts = new Map<Hostname, HostRoutes>();
  const entry = (host: Hostname): HostRoutes => {
    const found = hosts.get(host) ?? { routes: [], redirect: false, origins: [] };
    hosts.set(host, found);
    return found;
  };
  for (const server of gatewayServers(mesh, proxy).filter((candidate) => candidate.port === port)) {
    for (const { host, rule, routes } of boundRoutes(mesh, proxy, server)) {
      const found = entry(host);
      found.redirect ||= server.server.tls?.httpsRedirect ?? false;
      if (!found.origins.some(({ name, namespace }) => name === rule.meta.name && namespace === rule.meta.namespace)) {
        found.routes.push(...routes);
        found.origins.push(rule.ref, server.gateway.ref);
      }
    }
  }
  const sorted = [...hosts].sort(([a], [b]) => compare(a, b));
  const message = create(RouteConfigurationSchema, {
    name: gatewayRoutesName(port),
    validateClusters: false,
    virtualHosts:
      sorted.length > 0 ? sorted.map(([host, found]) => virtualHost(host, found, port)) : [nothingHere(port)],
    ignorePortInHostMatching: true,
  });
  return { message, origins: sorted.flatMap(([, found]) => found.origins) };
}

function virtualHost(host: Hostname, found: HostRoutes, port: number): MessageInitShape<typeof VirtualHostSchema> {
  return {
    name: `${host}:${port}`,
    domains: [host],
    routes: found.routes,
    includeRequestAttemptCount: true,
    ...(found.redirect ? { requireTls: VirtualHost_TlsRequirementType.ALL } : {}),
  };
}

/** Istio's name for a gateway port without routes. */
function nothingHere(port: number): MessageInitShape<typeof VirtualHostSchema> {
  return { name: `blackhole:${port}`, domains: ['*'] };
}

interface BoundRoutes {
  readonly host: Hostname;
  readonly rule: VirtualService;
  readonly routes: readonly RouteInit[];
}

function boundRoutes(mesh: MeshView, proxy: ProxyScope, of: GatewayServer): readonly BoundRoutes[] {
  const gateway = `${of.gateway.meta.namespace}/${of.gateway.meta.name}`;
  return mesh.rules.ofGateway(gateway).flatMap((rule) => {
    if (!isExportedTo(rule.spec.exportTo, rule.meta.namespace, proxy.client.namespace)) return [];
    const shared = sharedHosts(rule, of.gateway, of.server.hosts);
    if (shared.length === 0) return [];
    const context = { client: proxy.client, port: of.server.port.number, gateway: gatewayKey(gateway, '') };
    const routes = virtualServiceRoutes(mesh, rule, context);
    return shared.map((host) => ({ host, rule, routes }));
  });
}

/** The hosts that both name, each time the narrower one; a server's host may be limited to a namespace (`ns/host`). */
function sharedHosts(rule: VirtualService, gateway: Gateway, serverHosts: readonly string[]): readonly Hostname[] {
  const shared = serverHosts.flatMap((text) => {
    const slash = text.indexOf('/');
    const namespace = slash < 0 ? '*' : text.slice(0, slash);
    const own = namespace === '.' ? gateway.meta.namespace : namespace;
    if (own !== '*' && own !== rule.meta.namespace) return [];
    const server = parseHostname(text.slice(slash + 1));
    return (rule.spec.hosts ?? []).flatMap((given) => {
      const host = parseHostname(given);
      return hostnameCovers(server, host) ? [host] : hostnameCovers(host, server) ? [server] : [];
    });
  });
  return [...new Set(shared)];
}
