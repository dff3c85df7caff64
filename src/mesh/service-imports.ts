import type { KubernetesServicePort } from '../config/index.ts';
import type { Graph, Query } from '../graph/index.ts';
import { structuralEqual } from '../graph/index.ts';
import { type ClusterId, formatObjectRef } from '../model/index.ts';
import { compare, isImportedStub, type MeshObject, type ObjectTables } from './objects.ts';
import { exportToOfAnnotation } from './visibility.ts';

type KubernetesService = MeshObject<'Service'>;

/** A Service without pods that a cluster is to have, so that its own DNS knows the name. */
export interface ImportedService {
  readonly namespace: string;
  readonly name: string;
  readonly ports: readonly Pick<KubernetesServicePort, 'name' | 'port' | 'protocol' | 'appProtocol'>[];
}

/** Namespaces that every cluster has for itself, whatever others run there. */
const OWN_NAMESPACES: ReadonlySet<string> = new Set(['kube-system', 'kube-public', 'kube-node-lease']);

/** On a namespace, or on a Service in another cluster: `"false"` keeps its services from being imported. */
export const IMPORT_LABEL = 'pelagos.dev/import';

/** So many are imported into one cluster; the rest is reached by names with a cluster in them. */
const MAX_IMPORTS = 5_000;

/** Which services of other clusters a cluster has to have a name for. */
export class ServiceImports {
  private readonly tables: ObjectTables;
  private readonly rootNamespace: string;
  private readonly lists: Query<readonly ImportedService[]>;

  constructor(options: { readonly graph: Graph; readonly tables: ObjectTables; readonly rootNamespace: string }) {
    this.tables = options.tables;
    this.rootNamespace = options.rootNamespace;
    this.lists = options.graph.query('imported services', (cluster) => this.find(cluster), { equal: structuralEqual });
  }

  /**
   * The services that only other clusters have, in namespaces that this cluster has too, sorted. Not headless ones, whose
   * names lead to single pods, nor ExternalNames. Tracked; it looks at every Service, so ask now and then.
   */
  wanted(cluster: ClusterId): readonly ImportedService[] {
    return this.lists.get(cluster);
  }

  /** What stands for others in a cluster now, sorted. Tracked. */
  present(cluster: ClusterId): readonly ImportedService[] {
    return this.services(({ ref }) => ref.cluster === cluster)
      .filter(isImportedStub)
      .map(importOf)
      .sort(inOrder);
  }

  private find(cluster: string): readonly ImportedService[] {
    const real = this.services((service) => !isImportedStub(service));
    const own = new Set(real.filter(({ ref }) => ref.cluster === cluster).map(keyOf));
    const found = new Map<string, ImportedService>();
    for (const service of real) {
      const key = keyOf(service);
      if (own.has(key) || found.has(key) || !isImportable(service)) continue;
      if (this.takes(cluster as ClusterId, service.meta.namespace)) found.set(key, importOf(service));
    }
    return [...found.values()].sort(inOrder).slice(0, MAX_IMPORTS);
  }

  private takes(cluster: ClusterId, name: string): boolean {
    if (OWN_NAMESPACES.has(name) || name === this.rootNamespace) return false;
    const ref = { cluster, kind: 'Namespace', namespace: '', name };
    const namespace = this.tables.Namespace.all.get(formatObjectRef(ref));
    return namespace !== undefined && namespace.meta.labels[IMPORT_LABEL] !== 'false';
  }

  private services(test: (service: KubernetesService) => boolean): readonly KubernetesService[] {
    const { all } = this.tables.Service;
    return all.keys().flatMap((key) => {
      const service = all.get(key);
      return service && test(service) ? [service] : [];
    });
  }
}

function isImportable({ spec, meta }: KubernetesService): boolean {
  if (spec.type === 'ExternalName' || spec.clusterIP === 'None' || (spec.ports ?? []).length === 0) return false;
  if (meta.namespace === 'default' && meta.name === 'kubernetes') return false;
  // Nobody in the other cluster is to see it, or only its own cluster's: then it has no name here either.
  return meta.labels[IMPORT_LABEL] !== 'false' && !exportToOfAnnotation(meta.annotations).includes('~');
}

function importOf({ meta, spec }: KubernetesService): ImportedService {
  const ports = (spec.ports ?? []).map(({ name, port, protocol, appProtocol }) => ({
    name: name ?? '',
    port,
    protocol: protocol ?? 'TCP',
    ...(appProtocol === undefined ? {} : { appProtocol }),
  }));
  return { namespace: meta.namespace, name: meta.name, ports };
}

function keyOf({ meta }: KubernetesService): string {
  return `${meta.namespace}/${meta.name}`;
}

function inOrder(a: ImportedService, b: ImportedService): number {
  return compare(a.namespace, b.namespace) || compare(a.name, b.name);
}
