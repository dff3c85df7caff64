import type { ApiServer, KubernetesList, KubernetesObject } from '../kubernetes-api/index.ts';
import { resourcePath } from '../kubernetes-api/index.ts';

/** Something that people put there for the mesh, and that stays when the mesh goes. */
export interface Remnant {
  readonly what: string;
  /** The arguments of kubectl that remove it. */
  readonly removal: string;
}

/**
 * What an uninstalled mesh leaves because people made it: credentials for other clusters, a key that they brought, labels of
 * namespaces.
 * @param namespace that the control plane lived in.
 */
export async function remnants(api: ApiServer, namespace: string): Promise<readonly Remnant[]> {
  const list = async (of: { resource: string; namespace?: string }, query: Readonly<Record<string, string>>) =>
    (await api.get<KubernetesList>(resourcePath({ apiVersion: 'v1', ...of }), { query })).items;
  const secrets = { resource: 'secrets', namespace };
  const [remote, brought, injected, revised] = await Promise.all([
    list(secrets, { labelSelector: 'istio/multiCluster=true' }),
    list(secrets, { fieldSelector: 'metadata.name=cacerts' }),
    list({ resource: 'namespaces' }, { labelSelector: 'istio-injection' }),
    list({ resource: 'namespaces' }, { labelSelector: 'istio.io/rev' }),
  ]);
  const secret = (why: string) => (object: KubernetesObject) => ({
    what: `secret/${object.metadata.name} in ${namespace} (${why})`,
    removal: `-n ${namespace} delete secret ${object.metadata.name}`,
  });
  const label = (name: string) => (object: KubernetesObject) => ({
    what: `label ${name} of namespace/${object.metadata.name}`,
    removal: `label namespace ${object.metadata.name} ${name}-`,
  });
  return [
    ...remote.map(secret('credentials for another cluster')),
    ...brought.map(secret('the key of a certificate authority')),
    ...injected.map(label('istio-injection')),
    ...revised.map(label('istio.io/rev')),
  ];
}
