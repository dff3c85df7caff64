/**
 * The manifests of a golden case as a real cluster can run them: as they are, but for the images that exist nowhere, which become
 * the echo server of the mesh's image, told who it is as embedded mode tells it.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { ShapedPort } from '../../../src/embedded/controllers/pod-shape.ts';
import { buildOfflineFleet } from '../../golden/harness/offline-fleet.ts';
import { IMAGE } from '../harness/lab.ts';

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Fields;
}

type Fields = Readonly<Record<string, unknown>>;

interface Template {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly containers: readonly Container[] };
}

interface Container {
  readonly image: string;
  readonly ports?: readonly { readonly containerPort: number }[];
}

/** Images of nobody. */
const EXAMPLE_IMAGE = /^example(\.com)?\//;

/** Pods end fast: they have nothing to finish. */
const GRACE_SECONDS = 2;

/** A manifest's name in its cluster: `Deployment default/client`. */
export function nameOf({ kind, metadata }: Manifest): string {
  return `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
}

/** All objects of a case's folder by their cluster, those first that others need. */
export async function readManifests(folder: string): Promise<ReadonlyMap<string, readonly Manifest[]>> {
  const fleet = await buildOfflineFleet(folder, 'redirect');
  const clusters = fleet.clusters.map(({ config, pods }) => {
    const portsOf = (kind: string, namespace: string, name: string): readonly ShapedPort[] =>
      pods.find(({ view }) => view.namespace === namespace && view.owner?.kind === kind && view.owner.name === name)
        ?.view.ports ?? [];
    const manifests = readFolder(join(folder, config.name)).map((manifest) =>
      runnable(manifest, {
        cluster: config.name,
        ports: portsOf(manifest.kind, manifest.metadata.namespace ?? 'default', manifest.metadata.name),
      }),
    );
    return [config.name, manifests.sort((a, b) => rank(a) - rank(b))] as const;
  });
  return new Map(clusters);
}

function readFolder(folder: string): readonly Manifest[] {
  return globSync('**/*.yaml', { cwd: folder })
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map((document) => document.toJS() as Manifest);
}

function rank({ kind }: Manifest): number {
  return kind === 'Namespace' ? 0 : kind === 'ServiceAccount' ? 1 : 2;
}

interface Place {
  readonly cluster: string;
  readonly ports: readonly ShapedPort[];
}

function runnable(manifest: Manifest, place: Place): Manifest {
  const template = manifest.spec?.['template'] as Template | undefined;
  if (!template?.spec.containers.some(({ image }) => EXAMPLE_IMAGE.test(image))) return manifest;
  const labels = template.metadata?.labels ?? {};
  const containers = template.spec.containers.map((container) =>
    EXAMPLE_IMAGE.test(container.image) ? echoContainer(container, { ...place, labels }) : container,
  );
  const spec = { terminationGracePeriodSeconds: GRACE_SECONDS, ...template.spec, containers };
  return { ...manifest, spec: { ...manifest.spec, template: { ...template, spec } } };
}

/** See `readEchoSettings` for its environment. */
function echoContainer(
  container: Container,
  { cluster, ports, labels }: Place & { readonly labels: Readonly<Record<string, string>> },
): Fields {
  const listen = (container.ports ?? []).map(({ containerPort }) => ({
    address: '0.0.0.0',
    port: containerPort,
    protocol: ports.find(({ port }) => port === containerPort)?.protocol ?? 'http',
  }));
  const field = (fieldPath: string): Fields => ({ valueFrom: { fieldRef: { fieldPath } } });
  const [first] = listen;
  const probe = first?.protocol === 'tcp' ? { tcpSocket: { port: first.port } } : { httpGet: { port: first?.port } };
  return {
    ...container,
    image: IMAGE,
    command: ['node', '/app/src/embedded/echo/main.ts'],
    env: [
      { name: 'CLUSTER', value: cluster },
      { name: 'APP', value: labels['app'] ?? '' },
      { name: 'VERSION', value: labels['version'] ?? '' },
      { name: 'POD_NAME', ...field('metadata.name') },
      { name: 'POD_NAMESPACE', ...field('metadata.namespace') },
      { name: 'LISTEN', value: JSON.stringify(listen) },
    ],
    readinessProbe: { ...probe, periodSeconds: 1 },
  };
}
