import { type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';

interface Resource {
  /** In the plural, as paths have it. */
  readonly resource: string;
  readonly namespaced: boolean;
}

function namespaced(resource: string): Resource {
  return { resource, namespaced: true };
}

function clusterWide(resource: string): Resource {
  return { resource, namespaced: false };
}

/** Every kind that an installation or its control plane makes, in the order in which they may be removed: webhooks first, so that nothing waits for them. */
const RESOURCES: Readonly<Record<string, Resource>> = {
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': clusterWide('mutatingwebhookconfigurations'),
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': clusterWide('validatingwebhookconfigurations'),
  'networking.istio.io/v1/Gateway': namespaced('gateways'),
  'networking.istio.io/v1/VirtualService': namespaced('virtualservices'),
  'autoscaling/v2/HorizontalPodAutoscaler': namespaced('horizontalpodautoscalers'),
  'policy/v1/PodDisruptionBudget': namespaced('poddisruptionbudgets'),
  'apps/v1/Deployment': namespaced('deployments'),
  'discovery.k8s.io/v1/EndpointSlice': namespaced('endpointslices'),
  'v1/Service': namespaced('services'),
  'v1/ConfigMap': namespaced('configmaps'),
  'v1/Secret': namespaced('secrets'),
  'rbac.authorization.k8s.io/v1/RoleBinding': namespaced('rolebindings'),
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': clusterWide('clusterrolebindings'),
  'rbac.authorization.k8s.io/v1/Role': namespaced('roles'),
  'rbac.authorization.k8s.io/v1/ClusterRole': clusterWide('clusterroles'),
  'v1/ServiceAccount': namespaced('serviceaccounts'),
  'coordination.k8s.io/v1/Lease': namespaced('leases'),
  'apiextensions.k8s.io/v1/CustomResourceDefinition': clusterWide('customresourcedefinitions'),
  'v1/Namespace': clusterWide('namespaces'),
};

/** Where objects of one kind are listed. */
export interface KindPath {
  readonly apiVersion: string;
  readonly kind: string;
  readonly path: string;
}

/** All kinds, over all namespaces, in the order of removal. */
export function kindPaths(): readonly KindPath[] {
  return Object.entries(RESOURCES).map(([key, { resource }]) => {
    const apiVersion = key.slice(0, key.lastIndexOf('/'));
    return { apiVersion, kind: key.slice(key.lastIndexOf('/') + 1), path: resourcePath({ apiVersion, resource }) };
  });
}

/** @throws Error for a kind that is not of an installation: a mistake of ours. */
export function objectPath(object: KubernetesObject): string {
  const apiVersion = object.apiVersion ?? '';
  const found = RESOURCES[`${apiVersion}/${object.kind}`];
  if (!found) throw new Error(`no path is known for ${apiVersion}/${object.kind}`);
  const { name, namespace } = object.metadata;
  return resourcePath({
    apiVersion,
    resource: found.resource,
    name,
    namespace: found.namespaced ? namespace : undefined,
  });
}

/** `deployment.apps/istiod in istio-system`, as kubectl names it. */
export function objectName({ apiVersion = '', kind = '', metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? `.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : '';
  const place = metadata.namespace === undefined ? '' : ` in ${metadata.namespace}`;
  return `${kind.toLowerCase()}${group}/${metadata.name}${place}`;
}

/** The same for the object in the installation and in the cluster, whatever the version. */
export function objectKey({ apiVersion = '', kind = '', metadata }: KubernetesObject): string {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return [group, kind, metadata.namespace ?? '', metadata.name].join('/');
}
