import { create } from '@bufbuild/protobuf';
import { type VirtualHost, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { durationFromMs, formatClusterName, parseVirtualHostName } from '../../envoy/index.ts';
import { MESH_GATEWAY, type MeshView, type VirtualService } from '../../mesh/index.ts';
import { type ClientScope, type Hostname, type ObjectRef, parseHostname, type Service } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { allowsOutside, looksOutside } from '../clusters/forward-proxy.ts';
import { PASSTHROUGH_CLUSTER } from '../names.ts';
import { egressAllows, visibleService } from '../targets.ts';
import { type DestinationShare, destinationShares } from './destinations.ts';
import { defaultRoute, type RouteInit, virtualServiceRoutes } from './http-routes.ts';
import { tcpRoute, tlsRoutes } from './stream-routes.ts';

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
interface Called {
  readonly host: Hostname;
  readonly port: number;
  /** Was the port named? CONNECT always names it (RFC 9110, section 9.3.6). */
  readonly explicit: boolean;
}

interface FoundRoutes {
  readonly routes: readonly RouteInit[];
  readonly origins: readonly ObjectRef[];
}

/**
 * The virtual host for one host name that a client calls, as its sidecar asks for it: `http_proxy/service.cluster2`.
 * @returns undefined where the host is nobody's: Envoy answers 404 at once. Tracked.
 */
export function onDemandHost(mesh: MeshView, client: ClientScope, name: string): Built<VirtualHost> | undefined {
  const parsed = parseVirtualHostName(name);
  if (!parsed) return undefined;
  if (parsed.host === PLACEHOLDER_NAME) {
    return { message: create(VirtualHostSchema, { name, domains: [PLACEHOLDER_HOST] }), origins: [] };
  }
  const found = routesOf(mesh, client, splitPort(parsed.host));
  if (!found || found.routes.length === 0) return undefined;
  const message = create(VirtualHostSchema, {
    name,
    domains: [parsed.host],
    routes: [...found.routes],
    includeRequestAttemptCount: true,
  });
  return { message, origins: found.origins, aliases: [name] };
}

function splitPort(text: string): Called {
  const match = /^(.*):(\d{1,5})$/.exec(text);
  if (!match) return { host: parseHostname(text), port: DEFAULT_HTTP_PORT, explicit: false };
  return { host: parseHostname(match[1] ?? ''), port: Number(match[2]), explicit: true };
}

function routesOf(mesh: MeshView, client: ClientScope, called: Called): FoundRoutes | undefined {
  const { host, port, explicit } = called;
  const service = visibleService(mesh, client, host);
  // A service that the client's Sidecar object hides is nobody's, whatever other objects say.
  if (!service && mesh.hosts.resolve(client.namespace, host)) return undefined;
  const context = { client, port, gateway: MESH_GATEWAY };
  const rule = ruleFor(mesh, client, { host, service, part: 'http' });
  const tunnel = explicit ? tunnelRoutes(mesh, client, { called, service }) : { routes: [], origins: [] };
  const plain = rule ? virtualServiceRoutes(mesh, rule, context) : serviceRoutes(mesh, client, { service, port });
  const routes = [...tunnel.routes, ...plain];
  if (routes.length > 0) {
    return { routes, origins: [...(rule ? [rule.ref] : []), ...tunnel.origins, ...(service?.origins ?? [])] };
  }
  if (service || rule || !allowsOutside(mesh, client) || !looksOutside(mesh, host)) return undefined;
  return { routes: outsideRoutes(), origins: [] };
}

/** The VirtualService for a host; one for a host without service must be let through by the client's Sidecar as well. */
function ruleFor(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly host: Hostname; readonly service: Service | undefined; readonly part: 'http' | 'tls' | 'tcp' },
): VirtualService | undefined {
  const rule = mesh.rules.virtualService(client.namespace, of);
  if (!rule || of.service) return rule;
  return egressAllows(mesh, client, { namespace: rule.meta.namespace, hosts: [of.host] }) ? rule : undefined;
}

function serviceRoutes(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly service: Service | undefined; readonly port: number },
): readonly RouteInit[] {
  const port = of.service?.ports.find(({ number }) => number === of.port);
  if (!of.service || !port || ['udp', 'tcp', 'tls'].includes(port.protocol)) return [];
  return [defaultRoute(mesh, client, clusterOf(of.service, port.number))];
}

function clusterOf(service: Service, port: number): string {
  return formatClusterName({ direction: 'outbound', port, subset: '', hostname: service.hostname });
}

/** CONNECT, for everything that is no plain HTTP (https, TCP): the tunnel's bytes go where TLS and TCP routes say. */
function tunnelRoutes(
  mesh: MeshView,
  client: ClientScope,
  of: { readonly called: Called; readonly service: Service | undefined },
): FoundRoutes {
  const { called, service } = of;
  const { host, port } = called;
  const context = { client, port, gateway: MESH_GATEWAY };
  for (const part of ['tls', 'tcp'] as const) {
    const rule = ruleFor(mesh, client, { host, service, part });
    if (!rule) continue;
    const names = [host, ...(service?.spellings ?? [])];
    const [bySni] =
      part === 'tls'
        ? tlsRoutes(rule, context, ['*' as Hostname]).filter(({ sniHosts }) => covers(sniHosts, names))
        : [];
    const route = part === 'tls' ? bySni?.route : tcpRoute(rule, context);
    if (!route) continue;
    const shares = destinationShares(mesh, rule, { context, destinations: route.route ?? [] });
    if (shares.length > 0) return { routes: [connectRoute(shares)], origins: [rule.ref] };
  }
  const known = service?.ports.find(({ number, protocol }) => number === port && protocol !== 'udp');
  if (!service || !known) return { routes: [], origins: [] };
  return { routes: [connectRoute([{ cluster: clusterOf(service, port), weight: 1 }])], origins: [] };
}

function covers(patterns: readonly Hostname[], names: readonly Hostname[]): boolean {
  return patterns.some((pattern) =>
    names.some((name) => pattern === name || (pattern.startsWith('*') && name.endsWith(pattern.slice(1)))),
  );
}

function connectRoute(shares: readonly DestinationShare[]): RouteInit {
  const [first] = shares;
  return {
    name: 'connect',
    match: { pathSpecifier: { case: 'connectMatcher', value: {} } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier:
          shares.length > 1
            ? {
                case: 'weightedClusters',
                value: { clusters: shares.map(({ cluster, weight }) => ({ name: cluster, weight })) },
              }
            : { case: 'cluster', value: first?.cluster ?? '' },
        timeout: durationFromMs(0),
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
  };
}

/** A host outside the mesh is called as it is: nothing is known of it that could be decided here. */
function outsideRoutes(): readonly RouteInit[] {
  const plain: RouteInit = {
    name: 'allow_any',
    match: { pathSpecifier: { case: 'prefix', value: '/' } },
    action: {
      case: 'route',
      value: { clusterSpecifier: { case: 'cluster', value: PASSTHROUGH_CLUSTER }, timeout: durationFromMs(0) },
    },
  };
  return [connectRoute([{ cluster: PASSTHROUGH_CLUSTER, weight: 1 }]), plain];
}
