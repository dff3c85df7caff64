import type { Index } from '../graph/index.ts';
import type { Protocol } from '../model/index.ts';
import { type ClusterId, type Hostname, parseHostname } from '../model/index.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import { protocolOfPort, protocolOfText } from './protocol.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** What one port number stands for, over all services of the mesh. */
export interface CalledPort {
  readonly number: number;
  /** What services speak on it; one number may mean several. Never `udp`. */
  readonly protocols: ReadonlySet<Protocol>;
}

/** A plain web client's port: hosts that exist in a VirtualService alone are called there. */
const WEB = ['80 http', '443 tls'] as const;

/**
 * The ports under which clients call services: how a redirected connection is to be read depends on its port number
 * alone. Bounded by the number of distinct ports, not by the number of services.
 */
export class CalledPorts {
  private readonly services: Index<KubernetesService>;
  private readonly entries: Index<ServiceEntry>;
  private readonly byNumber: Index<KubernetesService>;
  private readonly tlsEntries: Index<ServiceEntry>;

  constructor(tables: ObjectTables, home: ClusterId) {
    this.services = tables.Service.all.index('Service by port', keysOfService);
    this.byNumber = tables.Service.all.index('Service by port number', ({ spec }) => [
      ...new Set((spec.ports ?? []).map(({ port }) => String(port))),
    ]);
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by port', (entry) =>
      entry.ref.cluster === home ? keysOfEntry(entry) : [],
    );
    this.tlsEntries = tables.ServiceEntry.all.index('ServiceEntry by TLS port', ({ spec, ref }) => {
      if (ref.cluster !== home) return [];
      const ports = (spec.ports ?? []).filter(({ protocol }) => protocolOfText(protocol ?? '') === 'tls');
      return ports.map(({ number }) => String(number));
    });
  }

  /** By number. Tracked. */
  all(): readonly CalledPort[] {
    const found = new Map<number, Set<Protocol>>();
    for (const key of [...WEB, ...this.services.keys(), ...this.entries.keys()]) {
      const [number, protocol] = key.split(' ');
      const protocols = found.get(Number(number)) ?? new Set<Protocol>();
      found.set(Number(number), protocols.add(protocol as Protocol));
    }
    return [...found].sort(([a], [b]) => a - b).map(([number, protocols]) => ({ number, protocols }));
  }

  /** Tracked. */
  of(number: number): CalledPort | undefined {
    return this.all().find((port) => port.number === number);
  }

  /** The Kubernetes Services with a port of this number, of all clusters. Tracked. */
  servicesAt(number: number): readonly KubernetesService[] {
    return this.byNumber.get(String(number));
  }

  /** Hosts of ServiceEntries, wildcards too, that are called with TLS at this port. Tracked. */
  tlsHosts(number: number): readonly { readonly host: Hostname; readonly entry: ServiceEntry }[] {
    return this.tlsEntries
      .get(String(number))
      .flatMap((entry) => (entry.spec.hosts ?? []).map((host) => ({ host: parseHostname(host), entry })));
  }
}

function keysOfService({ spec }: KubernetesService): readonly string[] {
  const ports = spec.ports ?? [];
  if (spec.type === 'ExternalName' && ports.length === 0) return WEB;
  const keys = ports.map((port) => `${port.port} ${protocolOfPort(port)}`);
  return [...new Set(keys)].filter((key) => !key.endsWith(' udp'));
}

function keysOfEntry({ spec }: ServiceEntry): readonly string[] {
  const keys = (spec.ports ?? []).map(({ number, protocol }) => `${number} ${protocolOfText(protocol ?? '')}`);
  return [...new Set(keys)].filter((key) => !key.endsWith(' udp'));
}
