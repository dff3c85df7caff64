import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lab } from '../../harness/lab.ts';
import { EAST, istioctl, OUR_IMAGE, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const SYSTEM = ['-n', 'istio-system'] as const;

async function istiods(lab: Lab): Promise<readonly string[]> {
  const names = '{range .items[?(@.status.containerStatuses[0].ready==true)]}{.metadata.name}{"\\n"}{end}';
  const args = ['get', 'pods', ...SYSTEM, '-l', 'app=istiod', '-o', `jsonpath=${names}`];
  return (await lab.kubectl(EAST, ...args)).split('\n').filter((name) => name !== '');
}

async function leader(lab: Lab): Promise<string> {
  return await lab.kubectl(EAST, 'get', 'lease', ...SYSTEM, 'istio-leader', '-o', 'jsonpath={.spec.holderIdentity}');
}

export function replicaTests(get: () => TwoRegions): void {
  test('two replicas: both serve, one leads, and the other does when that one is killed', async () => {
    const { lab } = get();
    const two = ['--set', 'components.pilot.k8s.replicaCount=2'];
    await istioctl(lab, 'install', '--context', EAST, ...OUR_IMAGE, ...two, '-y');
    const both = await istiods(lab);
    assert.equal(both.length, 2);
    await lab.eventually('both read the other region', async () => {
      const table = await istioctl(lab, 'remote-clusters', '--context', EAST);
      for (const pod of both) assert.match(table, new RegExp(`^${WEST}\\s.*\\ssynced\\s+${pod}$`, 'm'));
    });
    const first = await leader(lab);
    assert.ok(both.includes(first), `${first} leads`);
    await lab.kubectl(EAST, 'delete', 'pod', ...SYSTEM, first, '--grace-period=0', '--force');
    await lab.eventually('another leads', async () => {
      const next = await leader(lab);
      assert.ok(next !== first && (await istiods(lab)).includes(next), `${next} leads`);
    });
    // What the leader does: roots for a new namespace, names for services of others.
    await lab.kubectl(EAST, 'create', 'namespace', 'later');
    await lab.eventually('a new namespace gets its roots', async () => {
      await lab.kubectl(EAST, 'get', 'configmap', '-n', 'later', 'istio-ca-root-cert');
    });
    await lab.eventually('both serve again, and share the proxies', async () => {
      assert.equal((await istiods(lab)).length, 2);
      const table = await istioctl(lab, 'proxy-status', '--context', EAST);
      assert.equal(table.match(/\sSYNCED\s.*istiod-\S+\s+1\.40\.0$/gm)?.length, 5, table);
    });
  });
}
