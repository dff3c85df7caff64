import type { Graph, Index, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import { type ClusterId, formatObjectRef, type Protocol } from '../model/index.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import type { PolicySubject } from './policies.ts';
import { protocolOfPort, protocolOfText } from './protocol.ts';
import { selects } from './selector.ts';
import { fullName } from './services.ts';

type Pod = MeshObject<'Pod'>;
type ServiceEntry = MeshObject<'ServiceEntry'>;

/** A ServiceEntry with a pod behind it, and the pod's own numbers for its ports. */
interface EntryOfPod {
  readonly entry: ServiceEntry;
  readonly ports: Readonly<Record<string, number>>;
}

/** What the Services of its cluster, and the ServiceEntries that count here, say of a workload's ports. */
export class Workloads {
  private readonly tables: ObjectTables;
  private readonly home: ClusterId;
  private readonly ports: Query<ReadonlyMap<number, Protocol>>;
  private readonly entries: Index<ServiceEntry>;

  constructor(graph: Graph, tables: ObjectTables, home: ClusterId) {
    this.tables = tables;
    this.home = home;
    this.ports = graph.query('ports of workload', (key) => this.find(key), { equal: structuralEqual });
    this.entries = tables.ServiceEntry.all.index('ServiceEntry by endpoint', ({ spec, ref }) =>
      ref.cluster === home ? [...new Set((spec.endpoints ?? []).flatMap(({ address }) => address || []))] : [],
    );
  }

  /** Container port to protocol, for the ports that some service leads to. Tracked. */
  servicePorts(cluster: ClusterId, subject: PolicySubject, pod: string): ReadonlyMap<number, Protocol> {
    return this.ports.get(formatObjectRef({ cluster, kind: 'Pod', namespace: subject.namespace, name: pod }));
  }

  private find(key: string): ReadonlyMap<number, Protocol> {
    const pod = this.tables.Pod.all.get(key);
    const found = new Map<number, Protocol>();
    if (!pod) return found;
    for (const { spec } of this.tables.Service.byNamespace.get(`${pod.ref.cluster}/${pod.meta.namespace}`)) {
      if (!hasSelector(spec.selector) || !selects(spec.selector, pod.meta.labels)) continue;
      for (const port of spec.ports) {
        const number = containerPort(pod, port.targetPort ?? port.port);
        if (number !== undefined && !found.has(number)) found.set(number, protocolOfPort(port));
      }
    }
    for (const { entry, ports } of this.entriesOf(pod)) {
      for (const { number, targetPort, name, protocol } of entry.spec.ports ?? []) {
        const target = ports[name] ?? targetPort ?? number;
        if (!found.has(target)) found.set(target, protocolOfText(protocol ?? ''));
      }
    }
    return found;
  }

  /** The ServiceEntries whose selector takes the pod, or that have its address among their endpoints. */
  private entriesOf(pod: Pod): readonly EntryOfPod[] {
    const selecting = this.tables.ServiceEntry.byNamespace
      .get(`${this.home}/${pod.meta.namespace}`)
      .filter(({ spec }) => hasSelector(spec.workloadSelector?.labels))
      .filter(({ spec }) => selects(spec.workloadSelector?.labels, pod.meta.labels))
      .map((entry) => ({ entry, ports: {} }));
    const address = pod.status?.podIP;
    const naming = address
      ? this.entries.get(address).map((entry) => ({
          entry,
          ports: entry.spec.endpoints?.find((endpoint) => endpoint.address === address)?.ports ?? {},
        }))
      : [];
    return [...selecting, ...naming];
  }

  /**
   * Which container ports a gateway's port number stands for: the services that lead to the gateway may map it (80 to 8080),
   * each its own way, as Istio translates the ports of Gateway objects. Tracked.
   * @param gateway the gateway's own pod.
   * @param services the hosts of the only services that count; then a port that none of them has is no port of the gateway.
   */
  targetPorts(gateway: GatewayPod, port: number, services?: readonly string[]): readonly number[] {
    const targets = [
      ...this.targetsOfServices(gateway, port, services),
      ...this.targetsOfEntries(gateway, port, services),
    ];
    if (targets.length > 0) return [...new Set(targets)];
    return services ? [] : [port];
  }

  private targetsOfServices(
    { cluster, subject, pod }: GatewayPod,
    port: number,
    services: readonly string[] | undefined,
  ): readonly number[] {
    const { namespace } = subject;
    return this.tables.Service.byNamespace.get(`${cluster}/${namespace}`).flatMap(({ spec, meta }) => {
      if (!hasSelector(spec.selector) || !selects(spec.selector, subject.labels)) return [];
      if (services && !services.includes(fullName(meta.name, meta.namespace))) return [];
      const target = spec.ports.find((candidate) => candidate.port === port)?.targetPort;
      if (target === undefined || typeof target === 'number') return target ?? [];
      const found = this.tables.Pod.all.get(formatObjectRef({ cluster, kind: 'Pod', namespace, name: pod }));
      return (found && containerPort(found, target)) ?? [];
    });
  }

  private targetsOfEntries(
    { cluster, subject, pod }: GatewayPod,
    port: number,
    services: readonly string[] | undefined,
  ): readonly number[] {
    const ref = { cluster, kind: 'Pod', namespace: subject.namespace, name: pod };
    const found = this.tables.Pod.all.get(formatObjectRef(ref));
    if (!found) return [];
    return this.entriesOf(found).flatMap(({ entry: { spec, meta }, ports }) => {
      if (meta.labels[NO_TRANSLATION_LABEL] === 'true') return [];
      if (services && !spec.hosts.some((host) => services.includes(host))) return [];
      const given = (spec.ports ?? []).find(({ number }) => number === port);
      return given ? [ports[given.name] ?? given.targetPort ?? given.number] : [];
    });
  }
}

/** On a service whose ports say nothing of a gateway's (Istio). */
const NO_TRANSLATION_LABEL = 'experimental.istio.io/disable-gateway-port-translation';

/** A gateway's pod, as its Services see it. */
export interface GatewayPod {
  readonly cluster: ClusterId;
  readonly subject: PolicySubject;
  readonly pod: string;
}

function hasSelector(selector: Readonly<Record<string, string>> | undefined): boolean {
  return Object.keys(selector ?? {}).length > 0;
}

function containerPort(pod: Pod, target: number | string): number | undefined {
  if (typeof target === 'number') return target;
  const containers = pod.spec.containers ?? [];
  return containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === target)?.containerPort;
}
