import type { ConfigObject, ConfigObjectOf } from '../config/index.ts';
import type { Graph, Index, Table } from '../graph/index.ts';

/** The object kinds the mesh is made of; others never reach its tables. */
export const MESH_KINDS = [
  'AuthorizationPolicy',
  'DestinationRule',
  'EndpointSlice',
  'Gateway',
  'Namespace',
  'Node',
  'PeerAuthentication',
  'Pod',
  'Secret',
  'Service',
  'ServiceEntry',
  'ServiceExport',
  'Sidecar',
  'VirtualService',
  'WorkloadEntry',
] as const;
export type MeshKind = (typeof MESH_KINDS)[number];

const KINDS: ReadonlySet<string> = new Set(MESH_KINDS);

export function isMeshKind(kind: string): kind is MeshKind {
  return KINDS.has(kind);
}

/** An object of one kind, as the mesh's tables hold it. */
export type MeshObject<K extends MeshKind> = ConfigObjectOf<K>;

/** One kind's objects of all clusters, with the ways in that lookups need. */
export interface KindTable<K extends MeshKind> {
  readonly all: Table<MeshObject<K>>;
  /** By `cluster/namespace`. */
  readonly byNamespace: Index<MeshObject<K>>;
}

/** Keyed by {@link formatObjectRef}. */
export type ObjectTables = { readonly [K in MeshKind]: KindTable<K> };

function kindTable<K extends MeshKind>(graph: Graph, kind: K): KindTable<K> {
  const all = graph.table<MeshObject<K>>(kind);
  const byNamespace = all.index(`${kind} by namespace`, ({ ref }) => [`${ref.cluster}/${ref.namespace}`]);
  return { all, byNamespace };
}

export function objectTables(graph: Graph): ObjectTables {
  return Object.fromEntries(MESH_KINDS.map((kind) => [kind, kindTable(graph, kind)])) as unknown as ObjectTables;
}

/** Older objects come first, then by namespace and name: Istio's order wherever two objects conflict. */
export function byAge(a: ConfigObject, b: ConfigObject): number {
  return (
    a.meta.createdAtMs - b.meta.createdAtMs ||
    compare(a.meta.namespace, b.meta.namespace) ||
    compare(a.meta.name, b.meta.name)
  );
}

/** Order by code unit: the same on every machine, unlike localeCompare. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** On a Service that stands for one of other clusters, so that this cluster's own DNS knows the name. */
export const IMPORTED_LABEL = 'pelagos.dev/imported';

/**
 * Is the Service only a name for one of other clusters? It has an address, and is never what answers. One that somebody
 * has given pods since, by applying a Service of that name, is a service like others.
 */
export function isImportedStub({ meta, spec }: MeshObject<'Service'>): boolean {
  return meta.labels[IMPORTED_LABEL] === 'true' && Object.keys(spec.selector ?? {}).length === 0;
}
