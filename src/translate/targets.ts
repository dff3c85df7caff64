import { parseClusterName, parseSniClusterName } from '../envoy/index.ts';
import { coversService, type DestinationRule, type MeshView } from '../mesh/index.ts';
import { type ClientScope, parseHostname, type Service } from '../model/index.ts';
import type { Target } from './endpoints.ts';

/** A target with the rules that shape its Envoy cluster. */
export interface RuledTarget extends Target {
  readonly rules: readonly DestinationRule[];
}

/** The service of a host name, if the client's Sidecar object lets it see that. Tracked. */
export function visibleService(mesh: MeshView, client: ClientScope, host: string): Service | undefined {
  const service = mesh.hosts.resolve(client.namespace, parseHostname(host));
  if (!service) return undefined;
  const egress = mesh.policies.sidecar(client)?.spec.egress;
  if (client.kind === 'gateway' || !egress?.length) return service;
  const allowed = egress.flatMap(({ hosts }) => hosts).some((entry) => egressCovers(entry, client, service));
  return allowed ? service : undefined;
}

/** `namespace/dnsName` of a Sidecar's egress hosts; namespace `*`, `.` or `~` (none). */
function egressCovers(entry: string, client: ClientScope, service: Service): boolean {
  const slash = entry.indexOf('/');
  const namespace = slash < 0 ? '*' : entry.slice(0, slash);
  const inNamespace =
    namespace === '*' ||
    namespace === service.namespace ||
    (namespace === '.' && service.namespace === client.namespace);
  return inNamespace && coversService(parseHostname(entry.slice(slash + 1)), service);
}

/** What `outbound|80|v1|reviews.default.svc.cluster.local` stands for, for this client. */
export function outboundTarget(mesh: MeshView, client: ClientScope, name: string): RuledTarget | undefined {
  const parsed = parseClusterName(name);
  if (parsed?.direction !== 'outbound') return undefined;
  const service = visibleService(mesh, client, parsed.hostname);
  const port = service?.ports.find(({ number }) => number === parsed.port);
  if (!service || !port) return undefined;
  const rules = mesh.rules.destinationRulesOf(client.namespace, service, mesh.config.rootNamespace);
  const subset = parsed.subset
    ? rules.flatMap(({ spec }) => spec.subsets ?? []).find((s) => s.name === parsed.subset)
    : undefined;
  if (parsed.subset && !subset) return undefined;
  const locality = rules[0]?.spec.trafficPolicy?.loadBalancer?.localityLbSetting;
  return { service, port, subset, rules, preferNear: locality?.enabled !== false, ownNetworkOnly: false };
}

/**
 * What an SNI stands for at an east-west gateway: a service (`outbound_.80_._.reviews.default.svc.cluster.local`), or one
 * pod of it (`pod.service.namespace.cluster`), of the gateway's own network and exposed by a Gateway's AUTO_PASSTHROUGH hosts.
 */
export function passthroughTarget(mesh: MeshView, client: ClientScope, name: string): Target | undefined {
  const parsed = parseSniClusterName(name);
  const service = parsed && mesh.hosts.resolve(client.namespace, parseHostname(parsed.hostname));
  const port = service?.ports.find(({ number }) => number === parsed?.port);
  if (!parsed || !service || !port || service.backing.kind !== 'kubernetes') return undefined;
  if (!isExposed(mesh, client, service)) return undefined;
  const rules = parsed.subset
    ? mesh.rules.destinationRulesOf(service.namespace, service, mesh.config.rootNamespace)
    : [];
  const subset = rules.flatMap(({ spec }) => spec.subsets ?? []).find((candidate) => candidate.name === parsed.subset);
  if (parsed.subset && !subset) return undefined;
  return { service, port, subset, preferNear: false, ownNetworkOnly: true };
}

function isExposed(mesh: MeshView, client: ClientScope, service: Service): boolean {
  if (service.backing.kind !== 'kubernetes') return false;
  const { name, namespace } = service.backing;
  const full = mesh.hosts.resolve(namespace, parseHostname(`${name}.${namespace}.svc.cluster.local`));
  const servers = mesh.gateways.of(client).flatMap(({ spec }) => spec.servers ?? []);
  return servers
    .filter(({ tls }) => tls?.mode === 'AUTO_PASSTHROUGH')
    .flatMap(({ hosts }) => hosts)
    .map((host) => parseHostname(host.slice(host.indexOf('/') + 1)))
    .some((pattern) => coversService(pattern, service) || (full !== undefined && coversService(pattern, full)));
}
