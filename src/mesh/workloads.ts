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
      if (!spec.selector || Object.keys(spec.selector).length === 0 || !selects(spec.selector, pod.meta.labels))
        continue;
      for (const port of spec.ports) {
        const number = containerPort(pod, port.targetPort ?? port.port);
        if (number !== undefined && !found.has(number)) found.set(number, protocolOfPort(port));
      }
    }
    return found;
  }

  /**
   * Which container port a gateway's port number stands for: a Service that leads to the gateway may map it
   * (80 to 8080), as Istio translates the ports of Gateway objects. Tracked.
   */
  targetPort(cluster: ClusterId, subject: PolicySubject, port: number): number {
    for (const { spec } of this.tables.Service.byNamespace.get(`${cluster}/${subject.namespace}`)) {
      if (!spec.selector || Object.keys(spec.selector).length === 0 || !selects(spec.selector, subject.labels))
        continue;
      const mapped = spec.ports.find((candidate) => candidate.port === port)?.targetPort;
      if (typeof mapped === 'number') return mapped;
    }
    return port;
  }
}

function containerPort(pod: Pod, target: number | string): number | undefined {
  if (typeof target === 'number') return target;
  const containers = pod.spec.containers ?? [];
  return containers.flatMap(({ ports }) => ports ?? []).find(({ name }) => name === target)?.containerPort;
}
