import { resolve } from 'node:path';
import { suggest } from '../../diagnostics/index.ts';
import { type ClusterId, type NetworkId, parseClusterId, parseNetworkId } from '../../model/index.ts';
import type { FieldReader } from './field-reader.ts';
import type { ClusterConfig } from './fleet-config.ts';

const FIELDS = ['name', 'region', 'zone', 'network', 'folder', 'primary'];
/** More members than anybody runs on one machine. */
const MAX_CLUSTERS = 64;
/** Last labels of host names that mean something else already. */
const TAKEN_NAMES: Readonly<Record<string, string>> = {
  svc: 'the "svc" of service.namespace.svc',
  local: 'the last part of svc.cluster.local',
  localhost: 'the name of this machine',
  global: 'a name that spans all clusters by custom (service.global)',
  com: 'a top level domain',
  net: 'a top level domain',
  org: 'a top level domain',
  io: 'a top level domain',
  dev: 'a top level domain',
};

/**
 * Reads `spec.clusters`. Whether the folders are there is for the caller to look.
 * @param dir absolute path that folders are relative to.
 */
export function readClusters(reader: FieldReader, value: unknown, dir: string): readonly ClusterConfig[] {
  const items = reader.list(value, ['spec', 'clusters']);
  if (items.length > MAX_CLUSTERS) {
    reader.problem(['spec', 'clusters'], `there are ${items.length} clusters; the limit is ${MAX_CLUSTERS}`);
    return [];
  }
  const clusters = items.map((item, index) => readCluster(reader, item, { index, dir }));
  const known = clusters.filter((cluster) => cluster !== undefined);
  checkNames(reader, clusters);
  checkPrimaries(reader, clusters, known);
  return known;
}

function readCluster(
  reader: FieldReader,
  item: unknown,
  { index, dir }: { readonly index: number; readonly dir: string },
): ClusterConfig | undefined {
  const path = ['spec', 'clusters', index];
  const fields = reader.map(item, path, FIELDS);
  const text = (name: string): string | undefined => reader.text(fields[name], [...path, name]);
  const name = readName(reader, text('name'), path);
  const network = text('network');
  if (network !== undefined && parseNetworkId(network) === undefined) {
    reader.problem(
      [...path, 'network'],
      `"${network}" cannot be a network's name (letters, digits, "-", "_", "."; at most 63)`,
    );
  }
  const primary = text('primary');
  const region = text('region') ?? '';
  const zone = text('zone') ?? '';
  const folder = text('folder');
  if (name === undefined) return undefined;
  return {
    name,
    region,
    zone,
    network: (network ?? name) as NetworkId,
    folder: resolve(dir, folder ?? name),
    primary: (primary ?? name) as ClusterId,
  };
}

function readName(
  reader: FieldReader,
  name: string | undefined,
  path: readonly (string | number)[],
): ClusterId | undefined {
  if (name === undefined) {
    reader.problem([...path, 'name'], 'a cluster needs a name');
    return undefined;
  }
  const id = parseClusterId(name);
  if (id === undefined) reader.report('PEL6003', [...path, 'name'], { name });
  return id;
}

function checkNames(reader: FieldReader, clusters: readonly (ClusterConfig | undefined)[]): void {
  const seen = new Set<string>();
  clusters.forEach((cluster, index) => {
    if (!cluster) return;
    const path = ['spec', 'clusters', index, 'name'];
    const { name } = cluster;
    if (seen.has(name)) reader.report('PEL6004', path, { field: `spec.clusters[${index}].name`, name });
    seen.add(name);
    const what = TAKEN_NAMES[name];
    if (what !== undefined) reader.report('PEL6008', path, { name, what });
  });
}

function checkPrimaries(
  reader: FieldReader,
  clusters: readonly (ClusterConfig | undefined)[],
  known: readonly ClusterConfig[],
): void {
  const names = known.map(({ name }) => name);
  clusters.forEach((cluster, index) => {
    if (!cluster || cluster.primary === cluster.name) return;
    const path = ['spec', 'clusters', index, 'primary'];
    const primary = known.find(({ name }) => name === cluster.primary);
    if (!primary) {
      reader.report('PEL6002', path, {
        field: `spec.clusters[${index}].primary`,
        cluster: cluster.name,
        primary: cluster.primary,
        suggestion: suggest(cluster.primary, names),
      });
    } else if (primary.primary !== primary.name) {
      reader.problem(path, `${primary.name} has no control plane of its own: it is served by ${primary.primary}`);
    }
  });
}
