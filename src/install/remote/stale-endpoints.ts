import { type ApiServer, isNotFound, type KubernetesList, resourcePath } from '../../kubernetes-api/index.ts';
import { istiodName } from '../objects/names.ts';
import { INSTALLER, SLICE_MANAGER } from '../objects/remote-istiod.ts';
import type { InstallValues } from '../values/install-values.ts';

/**
 * Removes the endpoints that Kubernetes made for the Service while it had a selector. Nobody else does: its controllers
 * pass over Services without one, so half of the connections would go on to pods that are gone.
 */
export async function removeStaleEndpoints(api: ApiServer, values: InstallValues): Promise<void> {
  const { namespace } = values;
  const service = istiodName(values);
  // First the older form: Kubernetes would mirror it into a new slice.
  await remove(api, resourcePath({ apiVersion: 'v1', resource: 'endpoints', namespace, name: service }));
  const of = { apiVersion: 'discovery.k8s.io/v1', resource: 'endpointslices', namespace };
  const { items } = await api.get<KubernetesList>(resourcePath(of), {
    query: { labelSelector: `kubernetes.io/service-name=${service}` },
  });
  for (const { metadata } of items.filter((slice) => slice.metadata.labels?.[SLICE_MANAGER] !== INSTALLER)) {
    await remove(api, resourcePath({ ...of, name: metadata.name }));
  }
}

async function remove(api: ApiServer, path: string): Promise<void> {
  try {
    await api.send('DELETE', path);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
