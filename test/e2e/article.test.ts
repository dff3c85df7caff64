/** The manifests that the product started from, applied as they are written: rows 4 to 7 of their README. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { assertAllOk, assertEven, countBy } from './harness/answer.ts';
import { ROOT } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { plainRequest } from './harness/plain-request.ts';
import { useFleet } from './harness/test-fleet.ts';

const ARTICLE = join(ROOT, '..', 'shared', 'article');
/** The workloads of the example alone: all that rules them is to come of the article. */
const WORKLOADS: readonly (readonly [string, string])[] = ['namespace.yaml', 'service.yaml'].map((name) => [
  name,
  readFileSync(join(ROOT, 'examples', 'two-clusters', 'cluster1', name), 'utf8'),
]);
const FILES: Readonly<Record<string, readonly string[]>> = {
  cluster1: ['service-discovery', 'virtual-service', 'destination-rule', 'peer-authentication', 'authorization-policy'],
  cluster2: ['service-discovery', 'virtual-service', 'peer-authentication', 'authorization-policy'],
};

describe('the manifests of the article', {
  skip: existsSync(ARTICLE) ? false : 'they are not beside this checkout',
}, () => {
  const fleet = useFleet({
    files: Object.fromEntries(
      ['cluster1', 'cluster2'].flatMap((cluster) => WORKLOADS.map(([name, text]) => [`${cluster}/${name}`, text])),
    ),
  });

  test('before them everybody may call', async () => {
    assert.equal((await fleet.callOnce({ cluster: 'cluster1' }, 'http://service', 'DELETE')).status, 200);
    const [pod] = await fleet.pods('cluster2', 'deployment/service');
    assert.match((await plainRequest(pod?.address ?? '', 8080)).text, /^HTTP\/1.1 200/);
  });

  test('each file is taken as written', async () => {
    for (const [cluster, files] of Object.entries(FILES)) {
      for (const file of files) {
        const out = await fleet.ok(['apply', '--context', cluster, '-f', join(ARTICLE, cluster, `${file}.yaml`)]);
        assert.match(out, / created$/m, `${cluster}/${file}`);
      }
    }
    const errors = (await fleet.status()).diagnostics.filter(({ severity }) => severity === 'error');
    assert.deepEqual(errors, []);
  });

  test('services of the other cluster answer by their names, round robin, over mTLS', async () => {
    for (const [here, there] of [
      ['cluster1', 'cluster2'],
      ['cluster2', 'cluster1'],
    ] as const) {
      const own = await fleet.pods(there, 'deployment/service');
      const pods = [...own, ...(await fleet.pods(there, 'deployment/service-v2'))].map(({ name }) => name);
      await eventually(`even shares of ${there}`, async () => {
        const answers = await fleet.call({ cluster: here }, { url: `http://service.${there}`, count: 60 });
        assertAllOk(answers);
        assert.deepEqual(countBy(answers, 'cluster'), { [there]: 60 });
        assert.deepEqual(countBy(answers, 'caller'), { 'spiffe://cluster.local/ns/default/sa/service': 60 });
        if (here === 'cluster1') assertEven(countBy(answers, 'pod'), pods, 2);
        return true;
      });
    }
  });

  test('subsets go by the label version', async () => {
    const text = readFileSync(join(ARTICLE, 'cluster1', 'virtual-service.yaml'), 'utf8');
    const target = 'host: service.cluster2\n';
    assert.ok(text.includes(target));
    await fleet.apply('cluster1', text.replace(target, `${target}        subset: v2\n`));
    await eventually('only v2', async () => {
      const answers = await fleet.call({ cluster: 'cluster1' }, { url: 'http://service.cluster2', count: 12 });
      assertAllOk(answers);
      assert.deepEqual(countBy(answers, 'version'), { v2: 12 });
      return true;
    });
  });

  test('plaintext is refused, and so is everything but GET and POST', async () => {
    for (const cluster of ['cluster1', 'cluster2']) {
      const [pod] = await fleet.pods(cluster, 'deployment/service');
      await eventually('plaintext to be refused', async () => {
        assert.deepEqual(await plainRequest(pod?.address ?? '', 8080), { isConnected: true, text: '' });
        return true;
      });
      for (const host of ['service.cluster1', 'service.cluster2', 'service']) {
        const statuses = [];
        for (const method of ['GET', 'POST', 'DELETE']) {
          statuses.push((await fleet.callOnce({ cluster }, `http://${host}`, method)).status);
        }
        assert.deepEqual({ cluster, host, statuses }, { cluster, host, statuses: [200, 200, 403] });
      }
    }
  });
});
