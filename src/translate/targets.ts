import type { Subset, TrafficPolicy } from '../config/index.ts';
import { formatClusterName, parseClusterName, parseSniClusterName } from '../envoy/index.ts';
import { coversService, type MeshView } from '../mesh/index.ts';
import {
  type ClientScope,
  type Hostname,
  hostnameCovers,
  type ObjectRef,
  parseHostname,
  type Service,
  type ServicePort,
} from '../model/index.ts';

/** What of a service one Envoy cluster stands for. */
export interface Target {
  readonly service: Service;
  readonly port: ServicePort;
  readonly subset: Subset | undefined;
  /** A gateway takes traffic into its own network only. */
  readonly ownNetworkOnly: boolean;
}

/** A target with what DestinationRules say of it. */
export interface RuledTarget extends Target {
  readonly policy: TrafficPolicy | undefined;
  readonly origins: readonly ObjectRef[];
}

/** The service of a host name, if the client's Sidecar object lets it see that. Tracked. */
export function visibleService(mesh: MeshView, client: ClientScope, host: string): Service | undefined {
  const service = mesh.hosts.resolve(client.namespace, parseHostname(host));
  if (!service) return undefined;
  return egressAllows(mesh, client, { namespace: service.namespace, hosts: service.spellings }) ? service : undefined;
}

/** May the client reach hosts of this namespace, by its Sidecar object's egress (Istio)? Gateways may all. Tracked. */
export function egressAllows(
  mesh: MeshView,
  client: ClientScope,
  to: { readonly namespace: string; readonly hosts: readonly Hostname[] },
): boolean {
  if (client.kind === 'gateway') return true;
  const egress = mesh.policies.sidecar(client)?.spec.egress;
  if (!egress?.length) return true;
  return egress
    .flatMap(({ hosts }) => hosts)
    .some((entry) => {
      const slash = entry.indexOf('/');
      const given = slash < 0 ? '*' : entry.slice(0, slash);
      const namespace = given === '.' ? client.namespace : given;
      const pattern = parseHostname(entry.slice(slash + 1));
      return (
        (namespace === '*' || namespace === to.namespace) && to.hosts.some((host) => hostnameCovers(pattern, host))
      );
    });
}

/** The Envoy cluster of all of a service's port: `outbound|80||reviews.default.svc.cluster.local`. */
export function serviceClusterName({ hostname }: Service, port: number): string {
  return formatClusterName({ direction: 'outbound', port, subset: '', hostname });
}

/** What `outbound|80|v1|reviews.default.svc.cluster.local` stands for, for this client. Tracked. */
export function outboundTarget(mesh: MeshView, client: ClientScope, name: string): RuledTarget | undefined {
  const parsed = parseClusterName(name);
  if (parsed?.direction !== 'outbound') return undefined;
  const service = visibleService(mesh, client, parsed.hostname);
  const port = service?.ports.find(({ number }) => number === parsed.port);
  if (!service || !port || port.protocol === 'udp') return undefined;
  const { policy, subsets, origins } = mesh.rules.destination(client, service);
  const subset = parsed.subset ? subsets.find(({ name: own }) => own === parsed.subset) : undefined;
  if (parsed.subset && !subset) return undefined;
  return { service, port, subset, policy, origins, ownNetworkOnly: false };
}

/**
 * What an SNI stands for at an east-west gateway: a service (`outbound_.80_._.reviews.default.svc.cluster.local`), or one
 * pod of it (`pod.service.namespace.cluster`), of the gateway's own network and exposed by a Gateway's AUTO_PASSTHROUGH
 * hosts. What the service's own namespace may see is exposed. Tracked.
 */
export function passthroughTarget(mesh: MeshView, client: ClientScope, sni: string): Target | undefined {
  if (client.kind !== 'gateway') return undefined;
  const parsed = parseSniClusterName(sni);
  if (!parsed) return undefined;
  const host = parseHostname(parsed.hostname);
  const service = mesh.hosts.resolve(namespaceIn(host) ?? client.namespace, host);
  const port = service?.ports.find(({ number }) => number === parsed.port);
  if (!service || !port || port.protocol === 'udp' || service.backing.kind === 'dns') return undefined;
  if (!isExposed(mesh, client, service)) return undefined;
  const subsets = parsed.subset
    ? mesh.rules.destination({ namespace: service.namespace, labels: {} }, service).subsets
    : [];
  const subset = subsets.find(({ name }) => name === parsed.subset);
  if (parsed.subset && !subset) return undefined;
  return { service, port, subset, ownNetworkOnly: true };
}

/** `reviews.default.svc.cluster.local` and `pod.reviews.default.cluster2`: both name their namespace. */
function namespaceIn(host: Hostname): string | undefined {
  const labels = host.split('.');
  return host.endsWith('.svc.cluster.local') ? labels.at(-4) : labels.length > 3 ? labels.at(-2) : undefined;
}

/** Hosts of AUTO_PASSTHROUGH servers cover a pod or a cluster's part of a service by the service's full name. */
function isExposed(mesh: MeshView, client: ClientScope, service: Service): boolean {
  const names = [service];
  if (service.backing.kind === 'kubernetes') {
    const { name, namespace } = service.backing;
    const full = mesh.hosts.resolve(namespace, parseHostname(`${name}.${namespace}.svc.cluster.local`));
    if (full) names.push(full);
  }
  return mesh.gateways.of(client).some((gateway) =>
    (gateway.spec.servers ?? [])
      .filter(({ tls }) => tls?.mode === 'AUTO_PASSTHROUGH')
      .flatMap(({ hosts }) => hosts)
      .some((host) => {
        const slash = host.indexOf('/');
        const given = slash < 0 ? '*' : host.slice(0, slash);
        const namespace = given === '.' ? gateway.meta.namespace : given;
        const pattern = parseHostname(host.slice(slash + 1));
        return (
          (namespace === '*' || namespace === service.namespace) && names.some((one) => coversService(pattern, one))
        );
      }),
  );
}
