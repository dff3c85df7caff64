import {
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
  resourcePath,
} from '../kubernetes-api/index.ts';
import { FIELD_MANAGER, type ObjectChange, read, refusal } from './apply/apply-objects.ts';
import { otherControlPlanes } from './apply/other-istio.ts';
import { labelledObjects, ownedObjects, removeObject } from './apply/prune.ts';
import { objectPath } from './apply/resources.ts';
import { readDefinitions } from './crds/definitions.ts';
import { MANAGED_BY, OWNER, owningResource, PRODUCT } from './objects/labels.ts';

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
 * The namespace stays, for it may hold what people have put there (`cacerts`), and loses our labels. What the control plane
 * wrote for names (the cluster's DNS, Services of other clusters) is for the stage that wrote it.
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
    await leaveNamespace(api, options);
  }
  return changes;
}

/** By which replicas of a revision choose who leads. */
const LEADER_LEASE = /^istio-leader(-|$)/;

/**
 * What the control plane wrote by itself: roots in every namespace, its key, and who led. Another Istio has these under the
 * same names, and keeps them.
 */
async function writtenByControlPlane(
  api: ApiServer,
  { namespace }: UninstallOptions,
): Promise<readonly KubernetesObject[]> {
  if ((await otherControlPlanes(api)).length > 0) return [];
  const list = async (apiVersion: string, kind: string, of: { readonly resource: string; readonly query: object }) => {
    const { items } = await api.get<KubernetesList>(resourcePath({ apiVersion, resource: of.resource }), {
      query: { ...of.query },
    });
    return items.map((item) => ({ ...item, apiVersion, kind }));
  };
  const byName = (name: string) => ({ fieldSelector: `metadata.name=${name}` });
  const [roots, keys, leases] = await Promise.all([
    list('v1', 'ConfigMap', { resource: 'configmaps', query: byName('istio-ca-root-cert') }),
    list('v1', 'Secret', { resource: 'secrets', query: byName('istio-ca-secret') }),
    list('coordination.k8s.io/v1', 'Lease', { resource: 'leases', query: {} }),
  ]);
  const own = [...keys, ...leases.filter(({ metadata }) => LEADER_LEASE.test(metadata.name))];
  return [...roots, ...own.filter(({ metadata }) => metadata.namespace === namespace)];
}

async function presentDefinitions(api: ApiServer): Promise<readonly KubernetesObject[]> {
  const live = await Promise.all(readDefinitions().map((definition) => read(api, objectPath(definition))));
  // One that another installer brought stays his.
  return live.flatMap((each) => (each?.metadata.labels?.[MANAGED_BY] === PRODUCT ? [each] : []));
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
