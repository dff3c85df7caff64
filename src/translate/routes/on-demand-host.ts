import { create } from '@bufbuild/protobuf';
import { type VirtualHost, VirtualHostSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { formatClusterName, parseVirtualHostName } from '../../envoy/index.ts';
import { MESH_GATEWAY, type MeshView } from '../../mesh/index.ts';
import { type ClientScope, parseHostname, type Service } from '../../model/index.ts';
import type { Built } from '../built.ts';
import { visibleService } from '../targets.ts';
import { defaultRoute, type RouteInit, virtualServiceRoutes } from './http-routes.ts';

/** The port of a plain request whose host names none (RFC 9110, section 4.2.1). */
const DEFAULT_HTTP_PORT = 80;

/** A host nobody asks for: the one virtual host that keeps an on-demand route configuration from waiting for ever. */
const PLACEHOLDER_HOST = 'no-such-host.invalid';
const PLACEHOLDER_NAME = '*';

/** The name under which a route configuration's first, nameless subscription is answered. */
export function placeholderName(routes: string): string {
  return `${routes}/${PLACEHOLDER_NAME}`;
}

/**
 * The virtual host for one host name that a client calls, as its sidecar asks for it: `http_proxy/service.cluster2`.
 * @returns undefined where the host is nobody's: Envoy answers 404 at once.
 */
export function onDemandHost(mesh: MeshView, client: ClientScope, name: string): Built<VirtualHost> | undefined {
  const parsed = parseVirtualHostName(name);
  if (!parsed) return undefined;
  if (parsed.host === PLACEHOLDER_NAME) {
    return { message: create(VirtualHostSchema, { name, domains: [PLACEHOLDER_HOST] }), origins: [] };
  }
  const { host, port, explicit } = splitPort(parsed.host);
  const service = visibleService(mesh, client, host);
  const spellings = [...new Set([parseHostname(host), ...(service?.spellings ?? [])])];
  const rule = mesh.rules.virtualService(client.namespace, spellings);
  const ruled = rule?.spec.http?.length
    ? virtualServiceRoutes(mesh, rule, { client, port, gateway: MESH_GATEWAY })
    : undefined;
  const routes = ruled ?? (service && serviceRoutes(service, { port, explicit }));
  if (!routes) return undefined;
  const message = create(VirtualHostSchema, {
    name,
    domains: [parsed.host],
    routes: [...routes],
    includeRequestAttemptCount: true,
  });
  const origins = [...(rule && ruled ? [rule.ref] : []), ...(service?.origins ?? [])];
  return { message, origins, aliases: [name] };
}

interface AskedPort {
  readonly port: number;
  readonly explicit: boolean;
}

function splitPort(host: string): AskedPort & { readonly host: string } {
  const match = /^(.*):(\d{1,5})$/.exec(host);
  if (!match) return { host, port: DEFAULT_HTTP_PORT, explicit: false };
  return { host: match[1] ?? '', port: Number(match[2]), explicit: true };
}

/** HTTP requests, and CONNECT for everything else (https, TCP): the tunnel's bytes go to the port as they are. */
function serviceRoutes(service: Service, asked: AskedPort): readonly RouteInit[] | undefined {
  const port = service.ports.find(({ number }) => number === asked.port);
  if (!port || port.protocol === 'udp') return undefined;
  const cluster = formatClusterName({
    direction: 'outbound',
    port: port.number,
    subset: '',
    hostname: service.hostname,
  });
  const connect: RouteInit = {
    name: 'connect',
    match: { pathSpecifier: { case: 'connectMatcher', value: {} } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: cluster },
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
  };
  const plain = port.protocol === 'tcp' || port.protocol === 'tls' ? [] : [defaultRoute(cluster)];
  return asked.explicit ? [connect, ...plain] : plain;
}
