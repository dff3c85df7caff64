/**
 * What happens to calls when the control plane, or what it reads, is away. A call is lost if it failed although a healthy endpoint was
 * there. Two real clusters, as the article installs them, under steady load.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultLab, nothingLost, startFaultLab, without } from '../harness/fault-lab.ts';
import { withoutLab } from '../harness/lab.ts';

const SECRETS = ['-n', 'istio-system', '-l', 'istio/multiCluster=true'] as const;

describe('the control plane is away, under load', { skip: withoutLab() }, () => {
  let on: FaultLab;
  before(async () => {
    on = await startFaultLab();
  });
  after(() => on?.lab.down());

  test('it is killed, and comes back', async (t) => {
    const tallies = await on.load.during(async () => {
      await on.kill('cluster1', 'istiod');
      await on.rolledOut('cluster1', 'istiod', 'system');
      await on.allConnected();
    });
    nothingLost(t, tallies);
  });

  test('it is rolled out, from one replica to two', async (t) => {
    await on.scale('cluster1', 'istiod', 2, 'system');
    const tallies = await on.load.during(async () => {
      await on.restart('cluster1', 'istiod', 'system');
      await on.allConnected();
    });
    nothingLost(t, tallies);
  });

  test('one of two replicas is killed', async (t) => {
    const tallies = await on.load.during(async () => {
      await on.kill('cluster1', 'istiod');
      await on.allConnected();
    }, 8_000);
    await on.rolledOut('cluster1', 'istiod', 'system');
    nothingLost(t, tallies);
  });

  // Two minutes are no different from what comes after the first seconds, but for the length of this test.
  test('the API server of a cluster is away: its endpoints are marked stale, and serve', async (t) => {
    const tallies = await on.load.during(async () => {
      await on.fault('api', 'cluster2', 'stop');
      await on.remoteIs('stale');
      await delay(5_000);
      await on.fault('api', 'cluster2', 'start');
      await on.remoteIs('synced');
    });
    nothingLost(t, tallies);
    assert.deepEqual(
      Object.keys(tallies.get('cluster2 -> service')?.clusters ?? {}),
      ['cluster2'],
      'calls stay at home',
    );
  });

  test('the remote secret is removed, and put back', async (t) => {
    const secrets = await remoteSecrets(on);
    const tallies = await on.load.during(async () => {
      await on.lab.kubectl('cluster1', 'delete', 'secret', ...SECRETS);
      await delay(5_000);
      await on.lab.apply('cluster1', secrets);
      await on.remoteIs('synced');
      await on.allConnected();
    });
    nothingLost(t, without(tallies, 'cluster1 -> service.cluster2'));
    nothingLost(t, await on.load.during(async () => undefined));
  });
});

/** As somebody would apply them: without what the API server has written into them. */
async function remoteSecrets({ lab }: FaultLab): Promise<string> {
  const { items } = JSON.parse(await lab.kubectl('cluster1', 'get', 'secret', ...SECRETS, '-o', 'json')) as {
    readonly items: readonly { readonly metadata: Readonly<Record<string, unknown>> }[];
  };
  const clean = items.map((item) => {
    const { name, namespace, labels, annotations } = item.metadata;
    return { ...item, metadata: { name, namespace, labels, annotations } };
  });
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: clean });
}
