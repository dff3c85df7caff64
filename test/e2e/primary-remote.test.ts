/** A cluster without a control plane of its own: its proxies are served by its primary. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ProxyStatus } from '../../src/embedded/fleet-api.ts';
import { assertAllOk, countBy } from './harness/answer.ts';
import { useFleet } from './harness/test-fleet.ts';

const FLEET = `apiVersion: pelagos.dev/v1alpha1
kind: Fleet
metadata:
  name: primary-remote
spec:
  clusters:
  - name: cluster1
  - name: cluster2
    primary: cluster1
`;

describe('primary and remote', () => {
  const fleet = useFleet({ example: 'two-clusters', files: { 'fleet.yaml': FLEET } });

  test("cluster2's proxies are connected to cluster1's control plane", async () => {
    const { controlPlane, pods } = await fleet.cluster('cluster2');
    assert.equal(controlPlane.cluster, 'cluster1');
    const proxies = JSON.parse(await fleet.ok(['proxy-status', '-o', 'json'])) as readonly ProxyStatus[];
    const remote = proxies.filter(({ cluster }) => cluster === 'cluster2');
    assert.equal(remote.length, pods.length);
    assert.deepEqual([...new Set(remote.map((proxy) => proxy.controlPlane))], ['cluster1']);
  });

  test('calls work both ways and inside the remote cluster', async () => {
    for (const [from, url, wanted] of [
      ['cluster1', 'http://service.cluster2', 'cluster2'],
      ['cluster2', 'http://service.default.cluster1', 'cluster1'],
      ['cluster2', 'http://service', 'cluster2'],
    ] as const) {
      const answers = await fleet.call({ cluster: from }, { url, count: 12 });
      assertAllOk(answers);
      assert.deepEqual(countBy(answers, 'cluster'), { [wanted]: 12 });
      assert.deepEqual(countBy(answers, 'caller'), { 'spiffe://cluster.local/ns/default/sa/service': 12 });
    }
  });

  test('the policies of the primary hold in the remote cluster', async () => {
    for (const cluster of ['cluster1', 'cluster2']) {
      assert.equal((await fleet.callOnce({ cluster }, 'http://service.default.cluster2', 'DELETE')).status, 403);
    }
  });
});
