import type { Server } from '../../config/index.ts';
import {
  type Gateway,
  gatewayKey,
  isExportedTo,
  type MeshView,
  protocolOfText,
  type VirtualService,
} from '../../mesh/index.ts';
import {
  type Hostname,
  hostnameCovers,
  isHttp,
  type ProxyScope,
  parseHostname,
  type SocketAddress,
} from '../../model/index.ts';
import { credentialsOf } from '../tls.ts';

/**
 * What a server does with a connection.
 * `http`: plain HTTP. `https`: ends TLS and speaks HTTP. `tls`: ends TLS, then bytes. `passthrough`: TLS as it is, by SNI to
 * the destinations of VirtualServices. `auto-passthrough`: TLS as it is, by SNI to the mesh's own services. `tcp`: bytes.
 */
export type ServerKind = 'http' | 'https' | 'tls' | 'passthrough' | 'auto-passthrough' | 'tcp';

/** One server of a Gateway object, with the port its proxy really has for it. */
export interface GatewayServer {
  readonly gateway: Gateway;
  readonly server: Server;
  readonly kind: ServerKind;
  readonly port: number;
}

/** All servers that a gateway proxy serves, oldest Gateway first. Tracked. */
export function gatewayServers(mesh: MeshView, proxy: ProxyScope): readonly GatewayServer[] {
  const { client, workload } = proxy;
  const pod = { cluster: client.cluster, subject: client, pod: workload };
  return mesh.gateways.of(client).flatMap((gateway) => {
    const services = gateway.meta.annotations[SERVICES_ANNOTATION]?.split(',').map((name) => name.trim());
    return (gateway.spec.servers ?? []).flatMap((server) => {
      const ports = mesh.workloads.targetPorts(pod, server.port.number, services);
      return ports.map((port) => ({ gateway, server, kind: kindOf(server), port }));
    });
  });
}

/** On a Gateway that is bound to services by their hosts, and not to pods by a selector (Istio's form of Gateway API). */
const SERVICES_ANNOTATION = 'internal.istio.io/gateway-service';

function kindOf({ port, tls }: Server): ServerKind {
  const mode = tls?.mode ?? 'PASSTHROUGH';
  const protocol = port.protocol.toUpperCase();
  if (mode === 'AUTO_PASSTHROUGH' && tls) return 'auto-passthrough';
  if (protocol === 'HTTPS') return mode === 'PASSTHROUGH' ? 'passthrough' : 'https';
  if (protocol === 'TLS') return mode === 'PASSTHROUGH' ? 'passthrough' : 'tls';
  return isHttp(protocolOfText(protocol)) ? 'http' : 'tcp';
}

/** Where a gateway proxy really listens for one of its ports: wherever it is told, or on all of its own addresses. */
export function gatewayBind({ gatewayBinds, address }: ProxyScope, port: number): SocketAddress {
  const told = gatewayBinds.find((bind) => bind.port === port)?.bind;
  // Proxies that are told of some share their machine's addresses with others.
  return told ?? { address: gatewayBinds.length > 0 ? address || '0.0.0.0' : '0.0.0.0', port };
}

/** A gateway's listener's name (Istio: `0.0.0.0_8080`). */
export function gatewayListenerName(port: number): string {
  return `0.0.0.0_${port}`;
}

export function parseGatewayListenerName(name: string): number | undefined {
  const port = /^0\.0\.0\.0_(\d{1,5})$/.exec(name)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** The routes behind a server (Istio): all plain HTTP of a port has one configuration, each server that ends TLS its own. */
export function gatewayRoutesName({ gateway, server, kind, port }: GatewayServer): string {
  if (kind !== 'https') return `http.${port}`;
  return `https.${port}.${server.port.name}.${gateway.meta.name}.${gateway.meta.namespace}`;
}

/** SDS names of the Secrets that a gateway proxy's servers name: it is given no others. Tracked. */
export function gatewayCredentials(mesh: MeshView, proxy: ProxyScope): readonly string[] {
  if (proxy.client.kind !== 'gateway') return [];
  const names = gatewayServers(mesh, proxy).flatMap(({ server }) => credentialsOf(server.tls));
  return [...new Set(names)].sort();
}

/** A VirtualService bound to a server, with the hosts that both name. */
export interface BoundRule {
  readonly rule: VirtualService;
  readonly hosts: readonly Hostname[];
}

/** `namespace/name`, as VirtualServices name a server's Gateway. */
export function gatewayNameOf({ gateway }: GatewayServer): string {
  return gatewayKey(gateway.meta.name, gateway.meta.namespace);
}

/** The VirtualServices that route what comes in by a server, oldest first. Tracked. */
export function boundRules(mesh: MeshView, proxy: ProxyScope, of: GatewayServer): readonly BoundRule[] {
  return mesh.rules.ofGateway(gatewayNameOf(of)).flatMap((rule) => {
    if (!isExportedTo(rule.spec.exportTo, rule.meta.namespace, proxy.client.namespace)) return [];
    const hosts = sharedHosts(rule, of.gateway, of.server.hosts);
    return hosts.length > 0 ? [{ rule, hosts }] : [];
  });
}

/** The hosts that both name, each time the narrower one; a server's host may be limited to a namespace (`ns/host`). */
function sharedHosts(rule: VirtualService, gateway: Gateway, serverHosts: readonly string[]): readonly Hostname[] {
  const shared = serverHosts.flatMap((text) => {
    const slash = text.indexOf('/');
    const given = slash < 0 ? '*' : text.slice(0, slash);
    const namespace = given === '.' ? gateway.meta.namespace : given;
    if (namespace !== '*' && namespace !== rule.meta.namespace) return [];
    const server = parseHostname(text.slice(slash + 1));
    return (rule.spec.hosts ?? []).flatMap((name) => {
      const host = parseHostname(name);
      return hostnameCovers(server, host) ? [host] : hostnameCovers(host, server) ? [server] : [];
    });
  });
  return [...new Set(shared)];
}

/** A server's hosts without their namespaces; empty for every host. */
export function serverNames({ server }: GatewayServer): readonly string[] {
  const hosts = server.hosts.map((host) => parseHostname(host.slice(host.indexOf('/') + 1)));
  return hosts.includes('*' as Hostname) ? [] : [...new Set(hosts)].sort();
}
