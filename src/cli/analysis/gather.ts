import type { Diagnostic } from '../../diagnostics/index.ts';
import { isNotFound, type KubernetesList, resourcePath } from '../../kubernetes-api/index.ts';
import { type ClusterId, parseClusterId, type RawObject } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import type { CommandCall } from '../command-spec.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { readValues } from '../kubernetes/mesh-values.ts';
import { entriesAt, listAt, textAt } from '../objects/body.ts';
import { readManifests } from '../objects/read-manifests.ts';
import { ISTIO_KIND_NAMES, readObjects } from './read-objects.ts';

/** What stands behind the hosts and selectors of rules. */
const SURROUNDINGS: readonly string[] = ['Namespace', 'Pod', 'Service'];
/** Names in a configuration that is looked at without a cluster. */
const NO_CLUSTER = 'local';
/** Gateways name few of them; more are not looked for. */
const MAX_SECRETS = 100;

/** Objects with what could not be read of them. */
export interface Gathered {
  readonly objects: readonly RawObject[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The manifests that a person named. @throws {CliError} for a file that cannot be read. */
export async function gatherFiles({ args, options, cwd }: CommandCall, cluster: ClusterId): Promise<Gathered> {
  const requests = await readManifests(args, { cwd, isRecursive: options.flag('recursive') });
  const manifests = requests.map(({ file, text }) => parseManifest({ cluster, file, text }));
  const namespace = options.text('namespace') ?? 'default';
  return {
    objects: manifests.flatMap(({ documents }) =>
      documents.flatMap(({ objects }) => objects.map((object) => inNamespace(object, namespace))),
    ),
    diagnostics: manifests.flatMap(({ diagnostics }) => diagnostics),
  };
}

/** Objects that name no namespace are in that of the command, as with kubectl. */
function inNamespace(object: RawObject, namespace: string): RawObject {
  if (object.ref.namespace === '' || textAt(object.body, 'metadata', 'namespace') !== '') return object;
  return { ...object, ref: { ...object.ref, namespace }, meta: { ...object.meta, namespace } };
}

/** A cluster with all that its rules say and refer to. */
export interface GatheredCluster {
  readonly id: ClusterId;
  readonly objects: readonly RawObject[];
  /** Of the mesh, as the remote secrets name them; with this one. */
  readonly clusters: readonly string[];
  /** False: Secrets may not be read, so nobody knows whether those of gateways are there. */
  readonly knowsSecrets: boolean;
}

export async function gatherCluster(cluster: KubernetesCluster): Promise<GatheredCluster> {
  const name = textAt(await readValues(cluster), 'global', 'multiCluster', 'clusterName') || cluster.context;
  const id = parseClusterId(name) ?? (NO_CLUSTER as ClusterId);
  const objects = await readObjects(cluster.api, { cluster: id, kinds: [...ISTIO_KIND_NAMES, ...SURROUNDINGS] });
  const [secrets, remotes] = await Promise.all([credentials(cluster, id, objects), remoteNames(cluster)]);
  return {
    id,
    objects: [...objects, ...(secrets ?? [])],
    clusters: [name, ...remotes],
    knowsSecrets: secrets !== undefined,
  };
}

/** Objects of the other clusters that `--remote-contexts` names, for the hosts in them. */
export async function gatherRemotes(
  call: CommandCall,
  contexts: readonly string[],
): Promise<readonly GatheredCluster[]> {
  return await Promise.all(
    contexts.map(async (context) => {
      const cluster = await connectKubernetes({ env: call.env, options: call.options.with({ context }) });
      try {
        return await gatherCluster(cluster);
      } finally {
        cluster.api.close();
      }
    }),
  );
}

/** The Secrets that Gateways name, without what is in them; undefined where they may not be read. */
async function credentials(
  { api }: KubernetesCluster,
  cluster: ClusterId,
  objects: readonly RawObject[],
): Promise<readonly RawObject[] | undefined> {
  const names = new Set(
    objects
      .filter(({ ref }) => ref.kind === 'Gateway')
      .flatMap(({ body }) => listAt(body, 'spec', 'servers').map((server) => textAt(server, 'tls', 'credentialName')))
      .filter((name) => name !== '' && !name.includes('://')),
  );
  const found: RawObject[] = [];
  for (const name of [...names].slice(0, MAX_SECRETS)) {
    try {
      const query = { fieldSelector: `metadata.name=${name}` };
      const { items } = await api.get<KubernetesList>('/api/v1/secrets', { query });
      found.push(...items.map(({ metadata: { namespace = '' } }) => secretStub(cluster, { name, namespace })));
    } catch {
      return undefined;
    }
  }
  return found;
}

function secretStub(
  cluster: ClusterId,
  { name, namespace }: { readonly name: string; readonly namespace: string },
): RawObject {
  const metadata = { name, namespace };
  return {
    ref: { cluster, kind: 'Secret', name, namespace },
    apiVersion: 'v1',
    meta: { ...metadata, labels: {}, annotations: {}, createdAtMs: 0 },
    body: { apiVersion: 'v1', kind: 'Secret', metadata },
    origin: { kind: 'kubernetes', resourceVersion: '' },
  };
}

/** Names of the clusters whose remote secrets are there; none where they may not be read. */
async function remoteNames({ api, istioNamespace: namespace }: KubernetesCluster): Promise<readonly string[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace });
  const query = { labelSelector: 'istio/multiCluster=true' };
  const list = await api.get<KubernetesList>(path, { query }).catch((error: unknown) => {
    if (isNotFound(error) || (error as { readonly status?: number }).status === 403) return { items: [] };
    throw error;
  });
  return list.items.flatMap((secret) => entriesAt(secret, 'data').map(([key]) => key));
}
