import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';

import { type ClusterId, type Hostname, isHttp, isWildcard, type Protocol, parseHostname } from '../model/index.ts';
import { byAge, type MeshObject, type ObjectTables } from './objects.ts';
import { protocolOfPort, protocolOfText } from './protocol.ts';
import { fullName } from './services.ts';

type KubernetesService = MeshObject<'Service'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** What one port number stands for, over all services of the mesh. */
export interface CalledPort {
  readonly number: number;
  /** What services speak on it; one number may mean several. Never `udp`. */
  readonly protocols: readonly Protocol[];
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
  private readonly slices: Index<MeshObject<'EndpointSlice'>>;
  private readonly ports: Query<readonly CalledPort[]>;
  private readonly port: Query<CalledPort | undefined>;

  constructor(graph: Graph, tables: ObjectTables, home: ClusterId) {
    this.ports = graph.query('called ports', () => this.list(), { equal: structuralEqual });
    this.port = graph.query('called port', (key) => this.all().find(({ number }) => number === Number(key)), {
      equal: structuralEqual,
    });
    this.services = tables.Service.all.index('Service by port', keysOfService);
    this.slices = tables.EndpointSlice.all.index('EndpointSlice by port', keysOfSlice);
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by port', (entry) =>
      entry.ref.cluster === home ? keysOfEntry(entry) : [],
    );
  }

  /** By number; the ports of pods, which may be called by themselves, are among them. Tracked. */
  all(): readonly CalledPort[] {
    return this.ports.get('');
  }

  /** Tracked. */
  of(number: number): CalledPort | undefined {
    return this.port.get(String(number));
  }

  private list(): readonly CalledPort[] {
    const found = new Map<number, Set<Protocol>>();
    for (const key of [...WEB, ...this.services.keys(), ...this.slices.keys(), ...this.entries.keys()]) {
      const [number, protocol] = key.split(' ');
      const protocols = found.get(Number(number)) ?? new Set<Protocol>();
      found.set(Number(number), protocols.add(protocol as Protocol));
    }
    return [...found]
      .sort(([a], [b]) => a - b)
      .map(([number, protocols]) => ({ number, protocols: [...protocols].sort() }));
  }

  /** Hosts of services that say they speak no HTTP on a port of this number, of all clusters; no wildcards. Tracked. */
  streamHosts(number: number): readonly Hostname[] {
    const services = this.services.get(`${number} tcp`).map(({ meta }) => fullName(meta.name, meta.namespace));
    const entries = this.entries.get(`${number} tcp`).flatMap(({ spec }) => (spec.hosts ?? []).map(parseHostname));
    return [...new Set([...services, ...entries.filter((host) => !isWildcard(host))])].sort();
  }

  /** ServiceEntries whose hosts, wildcards too, are called with TLS at this port. Tracked. */
  tlsEntries(number: number): readonly ServiceEntry[] {
    return this.entries.get(`${number} tls`).toSorted(byAge);
  }
}

function keysOfService({ spec }: KubernetesService): readonly string[] {
  const ports = spec.ports ?? [];
  if (spec.type === 'ExternalName' && ports.length === 0) return WEB;
  const keys = ports.map((port) => `${port.port} ${protocolOfPort(port)}`);
  return [...new Set(keys)].filter((key) => !key.endsWith(' udp'));
}

/** Only where they may be HTTP: bytes go by the address anyway, and need no port of their own. */
function keysOfSlice({ spec }: MeshObject<'EndpointSlice'>): readonly string[] {
  const ports = (spec.ports ?? []).filter(({ port }) => port !== undefined);
  const keys = ports.map(({ port = 0, ...rest }) => ({ port, protocol: protocolOfPort({ ...rest, port }) }));
  return [
    ...new Set(keys.filter(({ protocol }) => isRead(protocol)).map(({ port, protocol }) => `${port} ${protocol}`)),
  ];
}

function isRead(protocol: Protocol): boolean {
  return isHttp(protocol) || protocol === 'auto';
}

function keysOfEntry({ spec }: ServiceEntry): readonly string[] {
  const keys = (spec.ports ?? []).map(({ number, protocol }) => `${number} ${protocolOfText(protocol ?? '')}`);
  return [...new Set(keys)].filter((key) => !key.endsWith(' udp'));
}
