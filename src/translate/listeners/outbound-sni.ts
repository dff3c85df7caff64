import type { Filter } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { isExportedTo, MESH_GATEWAY, type MeshView, type VirtualService } from '../../mesh/index.ts';
import { type ClientScope, type Hostname, type ObjectRef, parseHostname } from '../../model/index.ts';
import { destinationShares } from '../routes/destinations.ts';
import { tlsRoutes } from '../routes/stream-routes.ts';
import { egressAllows, visibleService } from '../targets.ts';
import { streamByFormat, streamTo } from './outbound-streams.ts';

/** TLS that is routed by its server name, whatever address is called. */
export interface SniChain {
  readonly name: string;
  /** Empty: every server name. */
  readonly serverNames: readonly Hostname[];
  readonly filters: Filter[];
  readonly origins: readonly ObjectRef[];
}

/** HTTPS, where a rule does not say for which port it is and no service does. */
const HTTPS_PORT = 443;

/** Does some object route TLS by server name on this port, for anybody? Tracked. */
export function readsServerNames(mesh: MeshView, client: ClientScope, port: number): boolean {
  return (
    mesh.calledPorts.tlsEntries(port).length > 0 ||
    mesh.rules.streams(client.namespace, 'tls').some((rule) => isFor(mesh, client, { rule, port }))
  );
}

/**
 * What VirtualServices say of server names, the oldest first; then hosts of ServiceEntries, which are often called at
 * addresses that nobody here knows: their clusters come on demand. No server name is in two chains. Tracked.
 */
export function sniChains(mesh: MeshView, client: ClientScope, port: number): readonly SniChain[] {
  const taken = new Set<Hostname>();
  const chains: SniChain[] = [];
  const add = (chain: Omit<SniChain, 'serverNames'>, names: readonly Hostname[]): void => {
    const serverNames = names.filter((name) => !taken.has(name));
    for (const name of serverNames) taken.add(name);
    if (serverNames.length === 0) return;
    chains.push({ ...chain, serverNames: serverNames.includes('*' as Hostname) ? [] : serverNames });
  };
  for (const rule of mesh.rules.streams(client.namespace, 'tls')) {
    if (!isFor(mesh, client, { rule, port })) continue;
    const context = { client, port, gateway: MESH_GATEWAY };
    const hosts = (rule.spec.hosts ?? []).map(parseHostname);
    for (const { route, sniHosts } of tlsRoutes(rule, context, hosts)) {
      const shares = destinationShares(mesh, rule, { context, destinations: route.route ?? [] });
      const name = `sni.${sniHosts.join(',')}`;
      add({ name, filters: streamTo(mesh, shares), origins: [rule.ref] }, sniHosts);
    }
  }
  const entries = entryHosts(mesh, client, port);
  const filters = streamByFormat(mesh, `outbound|${port}||%REQUESTED_SERVER_NAME%`);
  add(
    { name: 'sni', filters, origins: entries.map(({ origin }) => origin) },
    entries.map(({ host }) => host),
  );
  return chains;
}

/** A rule without a port is for those on which its hosts speak TLS. */
function isFor(
  mesh: MeshView,
  client: ClientScope,
  { rule, port }: { readonly rule: VirtualService; readonly port: number },
): boolean {
  const hosts = (rule.spec.hosts ?? []).map(parseHostname);
  if (!egressAllows(mesh, client, { namespace: rule.meta.namespace, hosts })) return false;
  const named = (rule.spec.tls ?? []).flatMap(({ match }) => match.map((one) => one.port ?? 0));
  if (named.includes(port)) return true;
  if (!named.includes(0)) return false;
  const services = hosts.flatMap((host) => visibleService(mesh, client, host) ?? []);
  const ports = services.flatMap((service) => service.ports.filter(({ protocol }) => protocol === 'tls'));
  return services.length === 0 ? port === HTTPS_PORT : ports.some(({ number }) => number === port);
}

function entryHosts(
  mesh: MeshView,
  client: ClientScope,
  port: number,
): readonly { readonly host: Hostname; readonly origin: ObjectRef }[] {
  return mesh.calledPorts.tlsEntries(port).flatMap(({ spec, meta, ref }) => {
    if (!isExportedTo(spec.exportTo, meta.namespace, client.namespace)) return [];
    return (spec.hosts ?? [])
      .map(parseHostname)
      .filter((host) => egressAllows(mesh, client, { namespace: meta.namespace, hosts: [host] }))
      .map((host) => ({ host, origin: ref }));
  });
}
