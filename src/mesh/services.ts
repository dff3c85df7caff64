import type { ClusterId, Hostname, Service, ServicePort } from '../model/index.ts';
import type { MeshObject } from './objects.ts';
import { compare } from './objects.ts';
import { protocolOfPort, protocolOfText } from './protocol.ts';
import { exportToOfAnnotation } from './visibility.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** `reviews.default.svc.cluster.local` (Kubernetes DNS specification). */
export function fullName(name: string, namespace: string): Hostname {
  return `${name}.${namespace}.svc.cluster.local` as Hostname;
}

function portsOf(service: KubernetesService): readonly ServicePort[] {
  return (service.spec.ports ?? []).map((port) => ({
    number: port.port,
    name: port.name ?? '',
    protocol: protocolOfPort(port),
  }));
}

function unionOfPorts(services: readonly KubernetesService[]): readonly ServicePort[] {
  const ports = new Map<number, ServicePort>();
  for (const port of services.flatMap(portsOf)) if (!ports.has(port.number)) ports.set(port.number, port);
  return [...ports.values()];
}

/** An ExternalName needs no ports; these are what a host outside is called at. */
const WEB_PORTS: readonly ServicePort[] = [
  { number: 80, name: 'http', protocol: 'http' },
  { number: 443, name: 'https', protocol: 'tls' },
];

/** What a name with a cluster or a pod in it narrows a Kubernetes service to. */
export interface Narrowing {
  readonly hostname: Hostname;
  readonly spellings: readonly Hostname[];
  readonly clusters: readonly ClusterId[];
  readonly pod?: string;
}

/**
 * One mesh service of the Kubernetes Services of one name and namespace.
 * @param services of all clusters that have it, the client's own first; at least one.
 */
export function serviceOfKubernetes(services: readonly KubernetesService[], narrow?: Narrowing): Service | undefined {
  const taken = narrow ? services.filter(({ ref }) => narrow.clusters.includes(ref.cluster)) : services;
  const [first] = taken;
  if (!first) return undefined;
  const { name, namespace } = first.meta;
  const hostname = narrow?.hostname ?? fullName(name, namespace);
  const external = first.spec.type === 'ExternalName' ? first.spec.externalName : undefined;
  return {
    hostname,
    spellings: narrow?.spellings ?? spellingsOf(name, namespace),
    namespace,
    name,
    ports: external && unionOfPorts(taken).length === 0 ? WEB_PORTS : unionOfPorts(taken),
    resolution: external ? 'dns' : 'endpoints',
    backing: external
      ? { kind: 'dns', address: external }
      : {
          kind: 'kubernetes',
          clusters: taken.map(({ ref }) => ref.cluster).sort(compare),
          namespace,
          name,
          ...(narrow?.pod === undefined ? {} : { pod: narrow.pod }),
        },
    inMesh: !external,
    headless: first.spec.clusterIP === 'None',
    subjectAltNames: [],
    exportTo: exportToOfAnnotation(first.meta.annotations),
    origins: taken.map(({ ref }) => ref),
  };
}

function spellingsOf(name: string, namespace: string): readonly Hostname[] {
  const full = fullName(name, namespace);
  return [full, `${name}.${namespace}.svc` as Hostname, `${name}.${namespace}` as Hostname];
}

const RESOLUTIONS: Readonly<Record<string, Service['resolution']>> = {
  NONE: 'original-destination',
  STATIC: 'endpoints',
  DNS: 'dns',
  DNS_ROUND_ROBIN: 'dns-round-robin',
  DYNAMIC_DNS: 'dns',
};

/** One mesh service of one host of a ServiceEntry; for a wildcard host, `hostname` is the name that was asked for. */
export function serviceOfEntry(entry: ServiceEntry, hostname: Hostname): Service {
  const { spec, meta, ref } = entry;
  const hasEndpoints = (spec.endpoints ?? []).length > 0 || spec.workloadSelector !== undefined;
  const resolution = RESOLUTIONS[spec.resolution ?? 'NONE'] ?? 'original-destination';
  const byName = resolution === 'dns' || resolution === 'dns-round-robin';
  return {
    hostname,
    spellings: [hostname],
    namespace: meta.namespace,
    name: meta.name,
    ports: (spec.ports ?? []).map((port) => ({
      number: port.number,
      name: port.name ?? '',
      protocol: protocolOfText(port.protocol ?? ''),
    })),
    resolution,
    backing: byName && !hasEndpoints ? { kind: 'dns', address: hostname } : { kind: 'service-entry', entry: ref },
    inMesh: spec.location === 'MESH_INTERNAL',
    headless: false,
    subjectAltNames: spec.subjectAltNames ?? [],
    exportTo: spec.exportTo ?? [],
    origins: [ref],
  };
}
