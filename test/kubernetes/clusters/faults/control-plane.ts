/**
 * What happens to calls when the control plane, or what it reads, is away. A call is lost if it failed although a healthy endpoint was
 * there. Two real clusters, as the article installs them, under steady load.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type FaultLab, nothingLost, without } from '../../harness/fault-lab.ts';

const SECRETS = ['-n', 'istio-system', '-l', 'istio/multiCluster=true'] as const;

/** Registers the tests. @param lab the clusters, once they are there. */
export function controlPlaneFaults(lab: () => FaultLab): void {
  describe('the control plane is away', () => {
    test('it is killed, and comes back', async (t) => {
      const tallies = await lab().load.during(async () => {
        await lab().kill('cluster1', 'istiod');
        await lab().rolledOut('cluster1', 'istiod', 'system');
        await lab().allConnected();
      });
      nothingLost(t, tallies);
    });

    test('it is rolled out, from one replica to two', async (t) => {
      await lab().scale('cluster1', 'istiod', 2, 'system');
      const tallies = await lab().load.during(async () => {
        await lab().restart('cluster1', 'istiod', 'system');
        await lab().allConnected();
      });
      nothingLost(t, tallies);
    });

    test('one of two replicas is killed', async (t) => {
      const tallies = await lab().load.during(async () => {
        await lab().kill('cluster1', 'istiod');
        await lab().allConnected();
      }, 6_000);
      await lab().rolledOut('cluster1', 'istiod', 'system');
      nothingLost(t, tallies);
    });

    // Two minutes are no different from what comes after the first seconds, but for the length of this test.
    test('the API server of a cluster is away: its endpoints are marked stale, and serve', async (t) => {
      const tallies = await lab().load.during(async () => {
        await lab().fault('api', 'cluster2', 'stop');
        await lab().remoteIs('stale');
        await delay(3_000);
        await lab().fault('api', 'cluster2', 'start');
        await lab().remoteIs('synced');
      });
      nothingLost(t, tallies);
      assert.deepEqual(
        Object.keys(tallies.get('cluster2 -> service')?.clusters ?? {}),
        ['cluster2'],
        'calls stay at home',
      );
    });
    remoteSecretFault(lab);
  });
}

function remoteSecretFault(lab: () => FaultLab): void {
  test('the remote secret is removed, and put back', async (t) => {
    const secrets = await remoteSecrets(lab());
    const tallies = await lab().load.during(async () => {
      await lab().lab.kubectl('cluster1', 'delete', 'secret', ...SECRETS);
      await delay(3_000);
      await lab().lab.apply('cluster1', secrets);
      await lab().remoteIs('synced');
      await lab().allConnected();
    });
    nothingLost(t, without(tallies, 'cluster1 -> service.cluster2'));
    // Its names come back through the ConfigMap of the cluster's DNS, which the kubelet looks at now and then.
    await lab().lab.eventually('calls by the name of the cluster are answered', async () => {
      const back = await lab().load.during(async () => undefined, 1_000);
      for (const [name, { failed, failures }] of back) assert.equal(failed, 0, `${name}: ${failures[0]?.reason}`);
    });
  });
}

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
