import {
  type ApiServer,
  type KubernetesList,
  type KubernetesObject,
  resourcePath,
} from '../../kubernetes-api/index.ts';
import { installError } from '../install-error.ts';
import { MANAGED_BY, PRODUCT } from '../objects/labels.ts';
import { injectorName } from '../objects/names.ts';
import { list, plain, textAt } from '../plain.ts';
import { type InstallValues, revisionLabel } from '../values/install-values.ts';

/** What another Istio has in the place that an installation wants. */
export interface OtherIstio {
  /** `(cluster)` for an object of the whole cluster. */
  readonly namespace: string;
  readonly name: string;
  readonly image: string;
}

type Place = Pick<InstallValues, 'revision' | 'namespace'>;

/**
 * Refuses to go on where another Istio has the place that this installation wants.
 * @throws InstallError PEL8007
 */
export async function refuseOtherIstio(api: ApiServer, values: Place): Promise<void> {
  const other = await findOtherIstio(api, values);
  if (other) throw installError('PEL8007', { ...other });
}

/**
 * Another Istio's control plane of the same revision, in whatever namespace, or its injector. Beside one of another revision
 * there is room.
 */
export async function findOtherIstio(api: ApiServer, values: Place): Promise<OtherIstio | undefined> {
  const other = (await otherControlPlanes(api)).find((deployment) => sameRevision(deployment, values));
  if (other) return describe(other);
  const hooks = resourcePath({
    apiVersion: 'admissionregistration.k8s.io/v1',
    resource: 'mutatingwebhookconfigurations',
  });
  const { items: configurations } = await api.get<KubernetesList>(hooks, {
    query: { fieldSelector: `metadata.name=${injectorName(values)}` },
  });
  const hook = configurations.find(isOther);
  return hook && describe(hook);
}

/** Deployments of istiod, of any revision and in any namespace, that no installation of ours has made. */
export async function otherControlPlanes(api: ApiServer): Promise<readonly KubernetesObject[]> {
  const path = resourcePath({ apiVersion: 'apps/v1', resource: 'deployments' });
  const { items } = await api.get<KubernetesList>(path, { query: { labelSelector: 'app=istiod' } });
  return items.filter(isOther);
}

function isOther({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[MANAGED_BY] !== PRODUCT;
}

function sameRevision({ metadata }: KubernetesObject, values: Place): boolean {
  return (metadata.labels?.['istio.io/rev'] || 'default') === revisionLabel(values);
}

function describe(object: KubernetesObject): OtherIstio {
  const pod = plain(plain(plain(object['spec'])['template'])['spec']);
  const [container] = list(pod['containers']).map(plain);
  return {
    namespace: object.metadata.namespace ?? '(cluster)',
    name: object.metadata.name,
    image: textAt(container, 'image') ?? 'of its own',
  };
}
