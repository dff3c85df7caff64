import type { Graph, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import { type ClusterId, formatObjectRef, type Protocol } from '../model/index.ts';
import type { MeshObject, ObjectTables } from './objects.ts';
import type { PolicySubject } from './policies.ts';
import { protocolOfPort } from './protocol.ts';
import { selects } from './selector.ts';

type Pod = MeshObject<'Pod'>;

/** What the Services of its cluster say of a workload's ports. */
export class Workloads {
  private readonly tables: ObjectTables;
  private readonly ports: Query<ReadonlyMap<number, Protocol>>;

  constructor(graph: Graph, tables: ObjectTables) {
    this.tables = tables;
    this.ports = graph.query('ports of workload', (key) => this.find(key), { equal: structuralEqual });
  }

  /** Container port to protocol, for the ports that some Service leads to. Tracked. */
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
    return found;
  }

  /**
   * Which container port a gateway's port number stands for: a Service that leads to the gateway may map it
   * (80 to 8080), as Istio translates the ports of Gateway objects. Tracked. @param pod the gateway's own.
   */
  targetPort(gateway: GatewayPod, port: number): number {
    const { cluster, subject, pod } = gateway;
    for (const { spec } of this.tables.Service.byNamespace.get(`${cluster}/${subject.namespace}`)) {
      if (!hasSelector(spec.selector) || !selects(spec.selector, subject.labels)) continue;
      const target = spec.ports.find((candidate) => candidate.port === port)?.targetPort;
      if (typeof target === 'number') return target;
      const ref = { cluster, kind: 'Pod', namespace: subject.namespace, name: pod };
      const found = target === undefined ? undefined : this.tables.Pod.all.get(formatObjectRef(ref));
      const named = found && target !== undefined ? containerPort(found, target) : undefined;
      if (named !== undefined) return named;
    }
    return port;
  }
}

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
