import {
  ApiError,
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
} from '../../kubernetes-api/index.ts';
import { MANAGED_BY, OWNER, PRODUCT } from '../objects/labels.ts';
import { type ApplyMode, type ObjectChange, refusal } from './apply-objects.ts';
import { kindPaths, objectKey, objectPath } from './resources.ts';

/** Everything of one owner that is in the cluster, in the order in which it may be removed. */
export async function ownedObjects(api: ApiServer, owner: string): Promise<readonly KubernetesObject[]> {
  return await labelledObjects(api, `${MANAGED_BY}=${PRODUCT},${OWNER}=${owner}`);
}

export async function labelledObjects(api: ApiServer, labelSelector: string): Promise<readonly KubernetesObject[]> {
  const lists = await Promise.all(
    kindPaths().map(async ({ apiVersion, kind, path }) => {
      const { items } = await listAll(api, path, labelSelector);
      // Kubernetes leaves the kind out in lists.
      return items.map((item) => ({ ...item, apiVersion, kind }));
    }),
  );
  return lists.flat();
}

/** A kind that the cluster does not have has no objects. */
async function listAll(api: ApiServer, path: string, labelSelector: string): Promise<KubernetesList> {
  try {
    return await api.get<KubernetesList>(path, { query: { labelSelector } });
  } catch (error) {
    if (isNotFound(error)) return { metadata: {}, items: [] };
    throw error;
  }
}

/** Removes what an earlier installation of this owner made and this one has not. */
export async function prune(
  api: ApiServer,
  wanted: readonly KubernetesObject[],
  options: ApplyMode & { readonly owner: string },
): Promise<readonly ObjectChange[]> {
  const keys = new Set(wanted.map(objectKey));
  const present = await ownedObjects(api, options.owner);
  // Kubernetes copies a Service's labels to its EndpointSlices: what has an owner goes with that.
  const surplus = present.filter(
    (object) => !keys.has(objectKey(object)) && object.metadata['ownerReferences'] === undefined,
  );
  for (const object of surplus) await removeObject(api, object, options);
  return surplus.map((object) => ({ object, change: 'removed' }));
}

/** It is no error when somebody else was quicker. */
export async function removeObject(api: ApiServer, object: KubernetesObject, mode: ApplyMode): Promise<void> {
  try {
    const query = { propagationPolicy: 'Background', ...(mode.isDryRun ? { dryRun: 'All' } : {}) };
    await api.send('DELETE', objectPath(object), undefined, { query });
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return;
    throw refusal(object, error);
  }
}
