import { create } from '@bufbuild/protobuf';
import { isIpAddress } from '../../config/index.ts';
import { type VirtualHost, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { parseVirtualHostName } from '../../envoy/index.ts';
import { MESH_GATEWAY, type MeshView } from '../../mesh/index.ts';
import { type ClientScope, type Hostname, type ObjectRef, parseHostname, type Service } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { allowsOutside, looksOutside } from '../clusters/forward-proxy.ts';
import { HTTP_PROXY_ROUTES, parsePortRoutes } from '../names.ts';
import { serviceClusterName, visibleService } from '../targets.ts';
import { defaultRoute, type RouteInit, virtualServiceRoutes } from './http-routes.ts';
import { asItCameRoute, asItWentRoute, blockedRoute } from './outside-routes.ts';
import { ruleFor } from './rule-for.ts';
import { type FoundRoutes, tunnelRoutes } from './tunnel-routes.ts';

/** The port of a plain request whose host names none (RFC 9110, section 4.2.1). */
const DEFAULT_HTTP_PORT = 80;

/** A host nobody asks for: the one virtual host that keeps an on-demand route configuration from waiting for ever. */
const PLACEHOLDER_HOST = 'no-such-host.invalid';
const PLACEHOLDER_NAME = '*';

/** The name under which a route configuration's first, nameless subscription is answered. */
export function placeholderName(routes: string): string {
  return `${routes}/${PLACEHOLDER_NAME}`;
}

/** What a client calls: a host, and the port that is named or meant. */
export interface Called {
  readonly host: Hostname;
  readonly port: number;
  /**
   * `proxied`: through the sidecar's HTTP proxy, by the host alone. `tunnelled`: the same with the port named, as CONNECT
   * always does (RFC 9110, section 9.3.6). `redirected`: to an address at this port, which stays known.
   */
  readonly way: 'proxied' | 'tunnelled' | 'redirected';
}

/**
 * The virtual host for one host name that a client calls, as its sidecar asks for it: `http_proxy/service.cluster2` without
 * interception, `80/service.cluster2` on connections that were redirected on their way to port 80.
 * @returns undefined where the host is nobody's: Envoy answers 404 at once. Tracked.
 */
export function onDemandHost(mesh: MeshView, client: ClientScope, name: string): Built<VirtualHost> | undefined {
  const parsed = parseVirtualHostName(name);
  if (!parsed) return undefined;
  if (parsed.host === PLACEHOLDER_NAME) {
    return { message: create(VirtualHostSchema, { name, domains: [PLACEHOLDER_HOST] }), origins: [] };
  }
  const called = calledBy(parsed.routeConfiguration, parsed.host);
  const found =
    called?.way === 'redirected'
      ? redirectedRoutes(mesh, client, called)
      : called && proxiedRoutes(mesh, client, called);
  if (!found || found.routes.length === 0) return undefined;
  const message = create(VirtualHostSchema, {
    name,
    domains: [parsed.host],
    routes: [...found.routes],
    includeRequestAttemptCount: true,
  });
  return { message, origins: found.origins, aliases: [name] };
}

/** A redirected connection's own port counts; one that the host names beside it is for the application (Istio). */
function calledBy(routes: string, text: string): Called | undefined {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  const host = parseHostname(match?.[1] ?? text);
  const port = parsePortRoutes(routes);
  if (port !== undefined) return { host, port, way: 'redirected' };
  if (routes !== HTTP_PROXY_ROUTES) return undefined;
  return match ? { host, port: Number(match[2]), way: 'tunnelled' } : { host, port: DEFAULT_HTTP_PORT, way: 'proxied' };
}

function proxiedRoutes(mesh: MeshView, client: ClientScope, called: Called): FoundRoutes | undefined {
  const { host, way } = called;
  const service = visibleService(mesh, client, host);
  // A service that the client's Sidecar object hides is nobody's, whatever other objects say.
  if (!service && mesh.hosts.resolve(client.namespace, host)) return undefined;
  const plain = plainRoutes(mesh, client, { called, service });
  const tunnel = way === 'tunnelled' ? tunnelRoutes(mesh, client, { called, service }) : { routes: [], origins: [] };
  const routes = [...tunnel.routes, ...plain.routes];
  if (routes.length > 0) return { routes, origins: [...plain.origins, ...tunnel.origins, ...(service?.origins ?? [])] };
  const known = service !== undefined || plain.origins.length > 0;
  if (known || !allowsOutside(mesh, client) || !looksOutside(mesh, host)) return undefined;
  return { routes: asItCameRoute(), origins: [] };
}

/**
 * Where a host has no routes, the address that was called decides: it may be a pod's, a service's, or one outside, which the
 * mesh lets be called or not (Istio: ALLOW_ANY, and 502 for REGISTRY_ONLY). Single pods of headless services are chosen by
 * their addresses too.
 */
function redirectedRoutes(mesh: MeshView, client: ClientScope, called: Called): FoundRoutes {
  const owner = isIpAddress(bare(called.host)) ? mesh.addresses.at(client.cluster, bare(called.host)) : undefined;
  const host = owner?.kind === 'host' ? owner.hostname : called.host;
  const service = visibleService(mesh, client, host);
  const hidden = !service && mesh.hosts.resolve(client.namespace, host) !== undefined;
  const found = hidden
    ? { routes: [], origins: [] }
    : plainRoutes(mesh, client, { called: { ...called, host }, service });
  const origins = [...found.origins, ...(service?.origins ?? [])];
  const byPod = service && chosenByAddress(service) && found.origins.length === 0;
  if (byPod) return { routes: asItWentRoute(), origins };
  if (found.routes.length > 0) return { routes: found.routes, origins };
  const known = !hidden && (service !== undefined || owner !== undefined);
  return { routes: known || allowsOutside(mesh, client) ? asItWentRoute() : blockedRoute(), origins };
}

/** Without the brackets of an IPv6 address in a host (RFC 3986, section 3.2.2). */
function bare(host: Hostname): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

/** A name of several pods, of which the client's resolver has chosen one. */
function chosenByAddress({ headless, backing }: Service): boolean {
  return headless && backing.kind === 'kubernetes' && backing.pod === undefined;
}

/** What a VirtualService, or the service alone, says of plain requests. The origins are those of the rule. */
function plainRoutes(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly called: Called; readonly service: Service | undefined },
): FoundRoutes {
  const { called, service } = of;
  const { host, port } = called;
  const rule = ruleFor(mesh, client, { host, service, part: 'http' });
  if (rule) {
    const origins: readonly ObjectRef[] = [rule.ref];
    return { routes: virtualServiceRoutes(mesh, rule, { client, port, gateway: MESH_GATEWAY }), origins };
  }
  return { routes: serviceRoutes(mesh, client, { service, port }), origins: [] };
}

function serviceRoutes(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly service: Service | undefined; readonly port: number },
): readonly RouteInit[] {
  const port = of.service?.ports.find(({ number }) => number === of.port);
  if (!of.service || !port || ['udp', 'tcp', 'tls'].includes(port.protocol)) return [];
  return [defaultRoute(mesh, client, serviceClusterName(of.service, port.number))];
}
