import { type Graph, type Index, type Query, structuralEqual } from '../graph/index.ts';
import type { ClusterId, Endpoint, NetworkId, ObjectRef, SocketAddress } from '../model/index.ts';
import type { Endpoints } from './endpoints.ts';
import { byAge, type MeshObject, type ObjectTables } from './objects.ts';
import { NETWORK_LABEL } from './placement.ts';
import type { PolicySubject } from './policies.ts';
import { selects } from './selector.ts';

export type Gateway = MeshObject<'Gateway'>;

/** The port on which networks take each other's traffic, unless the gateway's Service has a label that says another. */
export const CROSS_NETWORK_PORT = 15443;
const GATEWAY_PORT_LABEL = 'topology.istio.io/gatewayPort';

/** Where a network is entered: the addresses of its east-west gateways. */
export interface NetworkEntry {
  readonly addresses: readonly SocketAddress[];
  /** The gateway pods that are being ended and still carry connections, sorted. */
  readonly leaving: readonly string[];
  readonly origins: readonly ObjectRef[];
}

/** Gateway objects by the proxies they select, and the networks' east-west gateways. */
export class Gateways {
  private readonly tables: ObjectTables;
  private readonly home: ClusterId;
  private readonly endpoints: Endpoints;
  private readonly byNetwork: Index<MeshObject<'Service'>>;
  private readonly entries: Query<NetworkEntry>;

  constructor(options: {
    readonly graph: Graph;
    readonly tables: ObjectTables;
    readonly home: ClusterId;
    readonly endpoints: Endpoints;
  }) {
    const { graph, tables, home, endpoints } = options;
    this.tables = tables;
    this.home = home;
    this.endpoints = endpoints;
    // Every far endpoint asks for it, and most changes of the gateways' slices do not change it.
    this.entries = graph.query('network entry', (network) => this.entryOf(network), { equal: structuralEqual });
    this.byNetwork = tables.Service.all.index('Service by network', ({ meta }) => {
      const network = meta.labels[NETWORK_LABEL];
      return network ? [network] : [];
    });
  }

  /** The Gateway objects that a gateway proxy serves, oldest first; a selector reaches over namespaces (Istio). Tracked. */
  of(proxy: PolicySubject): readonly Gateway[] {
    return this.tables.Gateway.all
      .keys()
      .map((key) => this.tables.Gateway.all.get(key))
      .filter((gateway) => gateway !== undefined)
      .filter(({ ref, spec }) => ref.cluster === this.home && selects(spec.selector, proxy.labels))
      .toSorted(byAge);
  }

  /** All networks that have a gateway, sorted. Tracked. */
  networks(): readonly NetworkId[] {
    return this.byNetwork.keys() as readonly NetworkId[];
  }

  /**
   * How a network is entered: the load balancer's addresses of the Services labelled with it, else their external ones,
   * else the gateway pods' own. Tracked.
   */
  entry(network: NetworkId | ''): NetworkEntry {
    return this.entries.get(network);
  }

  private entryOf(network: string): NetworkEntry {
    const services = this.byNetwork.get(network);
    return {
      addresses: services.flatMap((service) => this.addressesOf(service)),
      leaving: services
        .flatMap((service) => this.podsOf(service))
        .filter(({ health }) => health === 'draining')
        .map(({ cluster, workload, address }) => `${cluster}/${workload || address}`)
        .toSorted(),
      origins: services.map(({ ref }) => ref),
    };
  }

  private addressesOf(service: MeshObject<'Service'>): readonly SocketAddress[] {
    const number = portOf(service);
    const ingress = service.status?.loadBalancer?.ingress ?? [];
    const balanced = ingress.flatMap(({ ip, hostname }) => ip || hostname || []);
    // Who sets externalIPs leads traffic there by himself (Kubernetes: Services, External IPs).
    const entered = balanced.length > 0 ? balanced : (service.spec.externalIPs ?? []);
    if (entered.length > 0) return entered.map((address) => ({ address, port: number }));
    return this.podsOf(service)
      .filter(({ health }) => health === 'healthy' || health === 'degraded')
      .map(({ address, port }) => ({ address, port }));
  }

  private podsOf(service: MeshObject<'Service'>): readonly Endpoint[] {
    const number = portOf(service);
    const port = (service.spec.ports ?? []).find((candidate) => candidate.port === number);
    if (!port) return [];
    const { namespace, name } = service.meta;
    return this.endpoints.of(
      { kind: 'kubernetes', clusters: [service.ref.cluster], namespace, name },
      { number, name: port.name ?? '' },
    );
  }
}

function portOf({ meta }: MeshObject<'Service'>): number {
  return Number(meta.labels[GATEWAY_PORT_LABEL]) || CROSS_NETWORK_PORT;
}
