import type { ApiServer, KubernetesObject } from '../../src/kubernetes-api/index.ts';

/** Objects to put into a real API server. */
export async function createNamespace(api: ApiServer, name: string): Promise<void> {
  await api.send('POST', '/api/v1/namespaces', { metadata: { name } });
}

export async function createService(api: ApiServer, namespace: string, name: string): Promise<KubernetesObject> {
  return await api.send('POST', `/api/v1/namespaces/${namespace}/services`, {
    metadata: { name, labels: { app: name } },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  });
}

export async function deleteService(api: ApiServer, namespace: string, name: string): Promise<void> {
  await api.send('DELETE', `/api/v1/namespaces/${namespace}/services/${name}`);
}

/** A CustomResourceDefinition of Istio's, reduced to what the API server needs. */
export function istioDefinition(of: {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  readonly versions: readonly string[];
}): KubernetesObject {
  const { group, kind, plural, versions } = of;
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: versions.map((name, index) => ({ name, served: true, storage: index === 0, schema })),
    },
  };
}

export const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
