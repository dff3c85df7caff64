import { isNotFound, resourcePath } from '../../kubernetes-api/index.ts';
import { textAt } from '../objects/body.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

/** The values that the mesh was installed with (ConfigMap `istio-sidecar-injector`); undefined where it was not. */
export async function readValues(cluster: KubernetesCluster): Promise<unknown> {
  const text = textAt(await readConfigMap(cluster, 'istio-sidecar-injector'), 'data', 'values');
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** MeshConfig (ConfigMap `istio`), parsed; undefined where there is none. */
export async function readMeshConfig(cluster: KubernetesCluster): Promise<unknown> {
  const text = textAt(await readConfigMap(cluster, 'istio'), 'data', 'mesh');
  if (text === '') return undefined;
  const { parse } = await import('yaml');
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch {
    return undefined;
  }
}

async function readConfigMap({ api, istioNamespace, revision }: KubernetesCluster, base: string): Promise<unknown> {
  const name = revision === undefined || revision === 'default' ? base : `${base}-${revision}`;
  const path = resourcePath({ apiVersion: 'v1', resource: 'configmaps', namespace: istioNamespace, name });
  return await api.get(path).catch((error: unknown) => {
    if (isNotFound(error)) return undefined;
    throw error;
  });
}
