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

/**
 * Refuses to go on where another Istio has the place that this installation wants: its control plane of the same revision,
 * in whatever namespace, or its injector. Beside one of another revision it installs.
 * @throws InstallError PEL8007
 */
export async function refuseOtherIstio(api: ApiServer, values: InstallValues): Promise<void> {
  const path = resourcePath({ apiVersion: 'apps/v1', resource: 'deployments' });
  const { items } = await api.get<KubernetesList>(path, { query: { labelSelector: 'app=istiod' } });
  const other = items.find((deployment) => isOther(deployment) && sameRevision(deployment, values));
  if (other) throw otherIstio(other);
  const hooks = resourcePath({
    apiVersion: 'admissionregistration.k8s.io/v1',
    resource: 'mutatingwebhookconfigurations',
  });
  const { items: configurations } = await api.get<KubernetesList>(hooks, {
    query: { fieldSelector: `metadata.name=${injectorName(values)}` },
  });
  const hook = configurations.find(isOther);
  if (hook) throw otherIstio(hook);
}

function isOther({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[MANAGED_BY] !== PRODUCT;
}

function sameRevision({ metadata }: KubernetesObject, values: InstallValues): boolean {
  return (metadata.labels?.['istio.io/rev'] || 'default') === revisionLabel(values);
}

function otherIstio(object: KubernetesObject): Error {
  const pod = plain(plain(plain(object['spec'])['template'])['spec']);
  const [container] = list(pod['containers']).map(plain);
  return installError('PEL8007', {
    namespace: object.metadata.namespace ?? '(cluster)',
    name: object.metadata.name,
    image: textAt(container, 'image') ?? 'of its own',
  });
}
