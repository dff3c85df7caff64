import {
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
  resourcePath,
} from '../kubernetes-api/index.ts';
import { FIELD_MANAGER, type ObjectChange, read, refusal } from './apply/apply-objects.ts';
import { labelledObjects, ownedObjects, removeObject } from './apply/prune.ts';
import { objectPath } from './apply/resources.ts';
import { readDefinitions } from './crds/definitions.ts';
import { MANAGED_BY, OWNER, owningResource, PRODUCT } from './objects/labels.ts';
import { textAt } from './plain.ts';

export interface UninstallOptions {
  readonly isDryRun: boolean;
  /** What the control plane lived in. */
  readonly namespace: string;
  readonly scope: UninstallScope;
  readonly onRemoved: (change: ObjectChange) => void;
}

export type UninstallScope =
  /** One control plane; what all of them share stays. */
  | { readonly kind: 'revision'; readonly revision: string }
  /** Everything, with the definitions and so all objects of the Istio API. */
  | { readonly kind: 'purge' };

/**
 * Removes what installations made; nothing that somebody else made but the objects of the definitions that go.
 * The namespace stays, for it may hold what people have put there (`cacerts`), and loses our labels.
 * @throws InstallError PEL8009
 */
export async function uninstall(api: ApiServer, options: UninstallOptions): Promise<readonly ObjectChange[]> {
  const { scope } = options;
  const owned =
    scope.kind === 'purge'
      ? [
          ...(await labelledObjects(api, `${MANAGED_BY}=${PRODUCT},${OWNER}`)),
          ...(await writtenByControlPlane(api, options)),
        ]
      : await ownedObjects(api, owningResource(scope));
  const doomed = owned.filter(({ kind }) => kind !== 'Namespace' && kind !== 'CustomResourceDefinition');
  const changes: ObjectChange[] = [];
  const removed = (object: KubernetesObject): void => {
    const change: ObjectChange = { object, change: 'removed' };
    changes.push(change);
    options.onRemoved(change);
  };
  for (const object of doomed) {
    await removeObject(api, object, options);
    removed(object);
  }
  if (scope.kind === 'purge') {
    for (const object of await presentDefinitions(api)) {
      await removeObject(api, object, options);
      removed(object);
    }
    await leaveCoreDns(api, options);
    await leaveNamespace(api, options);
  }
  return changes;
}

/** What the control plane wrote by itself: roots in every namespace, its key, its lease, Services without selector. */
async function writtenByControlPlane(
  api: ApiServer,
  { namespace }: UninstallOptions,
): Promise<readonly KubernetesObject[]> {
  const list = async (apiVersion: string, kind: string, of: { readonly resource: string; readonly query: object }) => {
    const { items } = await api.get<KubernetesList>(resourcePath({ apiVersion, resource: of.resource }), {
      query: { ...of.query },
    });
    return items.map((item) => ({ ...item, apiVersion, kind }));
  };
  const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const [roots, keys, services] = await Promise.all([
    list('v1', 'ConfigMap', { resource: 'configmaps', query: byName('istio-ca-root-cert') }),
    list('v1', 'Secret', { resource: 'secrets', query: byName('istio-ca-secret') }),
    list('v1', 'Service', { resource: 'services', query: { labelSelector: 'pelagos.dev/imported=true' } }),
  ]);
  return [...roots, ...keys.filter(({ metadata }) => metadata.namespace === namespace), ...services];
}

async function presentDefinitions(api: ApiServer): Promise<readonly KubernetesObject[]> {
  const live = await Promise.all(readDefinitions().map((definition) => read(api, objectPath(definition))));
  // One that another installer brought stays his.
  return live.flatMap((each) => (each?.metadata.labels?.[MANAGED_BY] === PRODUCT ? [each] : []));
}

/** The lines that the control plane keeps in the Corefile stand between two marks. */
async function leaveCoreDns(api: ApiServer, { isDryRun }: UninstallOptions): Promise<void> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace: 'kube-system', name: 'coredns' });
  const live = await read(api, path);
  const corefile = textAt(live, 'data', 'Corefile');
  if (!live || corefile === undefined) return;
  const cleaned = withoutMeshZones(corefile);
  if (cleaned === corefile) return;
  const patch = { metadata: { resourceVersion: live.metadata.resourceVersion }, data: { Corefile: cleaned } };
  const query = isDryRun ? { dryRun: 'All' } : {};
  await api
    .send('PATCH', path, patch, { contentType: 'application/merge-patch+json', query })
    .catch((error: unknown) => Promise.reject(refusal({ ...live, kind: 'ConfigMap' }, error)));
}

/** A Corefile as it was before the control plane put its zones in. */
export function withoutMeshZones(corefile: string): string {
  return corefile.replace(/^[ \t]*# pelagos: begin\b[\s\S]*?^[ \t]*# pelagos: end\b.*\n?/gm, '');
}

/** Applying the namespace without labels gives up those that are ours, and leaves all others. */
async function leaveNamespace(api: ApiServer, { isDryRun, namespace }: UninstallOptions): Promise<void> {
  const object: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
  try {
    if (!(await read(api, objectPath(object)))) return;
    const query = { fieldManager: FIELD_MANAGER, force: true, ...(isDryRun ? { dryRun: 'All' } : {}) };
    await api.send('PATCH', objectPath(object), JSON.stringify(object), {
      query,
      contentType: 'application/apply-patch+yaml',
    });
  } catch (error) {
    if (!isNotFound(error)) throw refusal(object, error);
  }
}
