import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import {
  type ClusterId,
  DEFAULT_MESH_CONFIG,
  type NetworkId,
  parseClusterId,
  type RawObject,
} from '../../model/index.ts';
import { parseManifest, readManifestFile, scanFolder } from '../../sources/index.ts';
import { FieldReader } from './field-reader.ts';
import type { ClusterConfig, FleetConfig } from './fleet-config.ts';
import { ownFolderName } from './folder-name.ts';
import { readClusters } from './read-clusters.ts';
import { readMeshConfig } from './read-mesh-config.ts';
import { readImages, readOutside } from './read-outside.ts';

/** The file that says what a fleet is made of, where the folders alone do not. */
export const FLEET_FILE = 'fleet.yaml';
const API_VERSION = 'pelagos.dev/v1alpha1';

/** What came of a folder: the fleet, where there is no error, and what is to be said. */
export interface FleetReading {
  readonly config?: FleetConfig;
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads `DIR/fleet.yaml`; where there is none, every sub-folder is a cluster of its name. Never rejects. */
export async function readFleetConfig(dir: string): Promise<FleetReading> {
  const absolute = resolve(dir);
  const file = join(absolute, FLEET_FILE);
  const { change } = await readManifestFile(file, ownFolderName(file));
  switch (change.kind) {
    case 'gone':
      return await fleetOfFolders(absolute);
    case 'unreadable':
      return { diagnostics: [change.diagnostic] };
    case 'text':
      return await withFolders(parseFleetConfig(change.text, { dir: absolute, file: change.file }));
  }
}

/** Reads the text of a `fleet.yaml`; looks at no folder. */
export function parseFleetConfig(text: string, place: { readonly dir: string; readonly file: string }): FleetReading {
  const manifest = parseManifest({ cluster: 'fleet' as ClusterId, file: place.file, text });
  if (manifest.diagnostics.some(({ severity }) => severity === 'error')) return { diagnostics: manifest.diagnostics };
  const objects = manifest.documents.flatMap((document) => document.objects);
  const [object] = objects;
  if (!object || objects.length > 1) {
    const problem = `exactly one object of kind Fleet is expected, there are ${objects.length}`;
    const at = { file: place.file, line: 1, column: 1 };
    return { diagnostics: [diagnose('PEL6007', { field: FLEET_FILE, problem }, { at })] };
  }
  return readFleet(object, place.dir);
}

function readFleet(object: RawObject, dir: string): FleetReading {
  const reader = new FieldReader(object);
  if (object.ref.kind !== 'Fleet') reader.problem(['kind'], `Fleet is expected, not ${object.ref.kind}`);
  if (object.apiVersion !== API_VERSION) reader.problem(['apiVersion'], `${API_VERSION} is expected`);
  const body = reader.map(object.body, [], ['apiVersion', 'kind', 'metadata', 'spec']);
  const spec = reader.map(body['spec'], ['spec'], ['clusters', 'images', 'outside', 'meshConfig']);
  const clusters = readClusters(reader, spec['clusters'], dir);
  const config: FleetConfig = {
    name: object.ref.name,
    dir,
    clusters,
    images: readImages(reader, spec['images']),
    outside: readOutside(reader, spec['outside']),
    meshConfig: readMeshConfig(reader, spec['meshConfig']),
  };
  if (clusters.length === 0 && reader.diagnostics.length === 0)
    reader.report('PEL6001', ['spec', 'clusters'], { folder: ownFolderName(join(dir, FLEET_FILE)) });
  const hasError = reader.diagnostics.some(({ severity }) => severity === 'error');
  return { ...(hasError ? {} : { config }), diagnostics: reader.diagnostics };
}

async function withFolders(reading: FleetReading): Promise<FleetReading> {
  const { config } = reading;
  if (!config) return reading;
  const found = await Promise.all(config.clusters.map(checkFolder));
  const diagnostics = [...reading.diagnostics, ...found.flat()];
  const hasError = diagnostics.some(({ severity }) => severity === 'error');
  return { ...(hasError ? {} : { config }), diagnostics };
}

async function checkFolder(cluster: ClusterConfig, index: number): Promise<readonly Diagnostic[]> {
  const { folder, name } = cluster;
  const shown = ownFolderName(folder);
  if (!(await isFolder(folder))) {
    return [diagnose('PEL6006', { field: `spec.clusters[${index}].folder`, folder: shown, name })];
  }
  const scan = await scanFolder(folder).catch(() => undefined);
  return scan && scan.files.length === 0 ? [diagnose('PEL6005', { name, folder: shown })] : [];
}

async function fleetOfFolders(dir: string): Promise<FleetReading> {
  const folder = ownFolderName(dir);
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => name)
    .sort();
  const bad = names.filter((name) => parseClusterId(name) === undefined);
  const diagnostics = bad.map((name) => diagnose('PEL6003', { name }));
  const clusters = names
    .filter((name) => !bad.includes(name))
    .map((name): ClusterConfig => {
      const id = name as ClusterId;
      return { name: id, region: '', zone: '', network: name as NetworkId, folder: join(dir, name), primary: id };
    });
  if (clusters.length === 0) return { diagnostics: [...diagnostics, diagnose('PEL6001', { folder })] };
  const config = { name: basename(dir), dir, clusters, images: [], outside: [], meshConfig: DEFAULT_MESH_CONFIG };
  return bad.length > 0 ? { diagnostics } : await withFolders({ config, diagnostics });
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
