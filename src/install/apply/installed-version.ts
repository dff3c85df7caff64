import { type ApiServer, resourcePath } from '../../kubernetes-api/index.ts';
import { MANAGED_BY, PRODUCT, VERSION } from '../objects/labels.ts';
import { istiodName } from '../objects/names.ts';
import type { InstallValues } from '../values/install-values.ts';
import { read } from './apply-objects.ts';

/** The version of our control plane that is installed under this revision; undefined where there is none. */
export async function istiodVersion(
  api: ApiServer,
  values: Pick<InstallValues, 'namespace' | 'revision'>,
): Promise<string | undefined> {
  const path = resourcePath({
    apiVersion: 'apps/v1',
    resource: 'deployments',
    namespace: values.namespace,
    name: istiodName(values),
  });
  const labels = (await read(api, path))?.metadata.labels;
  return labels?.[MANAGED_BY] === PRODUCT ? labels[VERSION] : undefined;
}
