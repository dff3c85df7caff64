import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, type ApiServer } from '../../kubernetes-api/index.ts';
import type { InstallValues } from '../values/install-values.ts';
import { type ClusterContext, findPrimaries } from './primary.ts';

const VALUES = { namespace: 'istio-system', revision: '' } as InstallValues;
const SERVICE = { metadata: { name: 'istiod' }, spec: { selector: { app: 'istiod' }, clusterIP: '10.0.0.1' } };

/** A cluster in which only that is read which is given by the end of its path; all else is forbidden. */
function context(name: string, objects: Readonly<Record<string, unknown>>): ClusterContext {
  const get = async (path: string): Promise<unknown> => {
    const found = Object.entries(objects).find(([end]) => path.endsWith(end));
    if (!found) throw new ApiError('forbidden', { status: 403, reason: 'Forbidden' });
    return found[1];
  };
  return { name, connect: async () => ({ get, close: () => undefined }) as unknown as ApiServer };
}

test('a primary whose values may not be read is one all the same, without a name', async () => {
  const values = { metadata: {}, data: { values: '{"global": {"multiCluster": {"clusterName": "west"}}}' } };
  const contexts = [
    context('b', { '/services/istiod': SERVICE }),
    context('a', { '/services/istiod': SERVICE, '/configmaps/istio-sidecar-injector': values }),
    context('c', {}),
  ];
  const found = await findPrimaries(contexts, VALUES);
  assert.deepEqual(
    found.map((each) => [each.context, each.cluster, each.clusterIps]),
    [
      ['a', 'west', ['10.0.0.1']],
      ['b', undefined, ['10.0.0.1']],
    ],
  );
});
