/**
 * What happens to calls when gateways, applications or the link between clusters go. A call is lost if it failed although a healthy
 * endpoint was there. Two real clusters, as the article installs them, under steady load.
 */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLUSTERS, type FaultLab, nothingLost, without } from '../../harness/fault-lab.ts';
import type { Failure } from '../../harness/load.ts';

const GATEWAY = 'istio-eastwestgateway';
const APPLICATIONS = ['service', 'service-v2'] as const;

/** Registers the tests. @param lab the clusters, once they are there. */
export function dataPlaneFaults(lab: () => FaultLab): void {
  describe('gateways, applications and links go', () => {
    before(async () => {
      await Promise.all(
        CLUSTERS.map(async (cluster) => {
          await lab().scale(cluster, GATEWAY, 2, 'system');
          await lab().rolledOut(cluster, GATEWAY, 'system');
        }),
      );
    });

    test('one of two east-west gateways is killed', async (t) => {
      const tallies = await lab().load.during(async () => {
        for (const cluster of CLUSTERS) await lab().kill(cluster, GATEWAY);
      }, 8_000);
      nothingLost(t, tallies, mayHaveArrived);
    });

    test('the gateways are rolled out', async (t) => {
      for (const cluster of CLUSTERS) await lab().rolledOut(cluster, GATEWAY, 'system');
      const tallies = await lab().load.during(async () => {
        await Promise.all(CLUSTERS.map((cluster) => lab().restart(cluster, GATEWAY, 'system')));
        await Promise.all(CLUSTERS.map((cluster) => gatewaysLeft(lab(), cluster, 2)));
      });
      nothingLost(t, tallies);
    });

    test('the application is rolled out', async (t) => {
      const tallies = await lab().load.during(async () => {
        await Promise.all(
          CLUSTERS.flatMap((cluster) => APPLICATIONS.map((application) => lab().restart(cluster, application))),
        );
      }, 6_000);
      nothingLost(t, tallies);
    });

    test('all pods of the service go in one cluster: the other answers, until they are back', async (t) => {
      const gone = await lab().load.during(async () => {
        await Promise.all(APPLICATIONS.map((application) => lab().scale('cluster1', application, 0)));
        await lab().lab.eventually('no pod is left', async () => {
          const pods = await lab().lab.kubectl('cluster1', 'get', 'pods', '-l', 'app=service', '-o', 'name');
          assert.equal(pods, '');
        });
      });
      const back = await lab().load.during(async () => {
        await Promise.all([lab().scale('cluster1', 'service', 2), lab().scale('cluster1', 'service-v2', 1)]);
        await Promise.all(APPLICATIONS.map((application) => lab().rolledOut('cluster1', application)));
      });
      for (const tallies of [gone, back]) nothingLost(t, without(tallies, 'cluster2 -> service.cluster1'));
      assert.ok((gone.get('cluster1 -> service')?.clusters['cluster2'] ?? 0) > 0);
      const last = await lab().load.during(async () => undefined);
      assert.deepEqual(Object.keys(last.get('cluster1 -> service')?.clusters ?? {}), ['cluster1']);
    });
    linkFault(lab);
  });
}

function linkFault(lab: () => FaultLab): void {
  test('the link between the clusters is cut, and healed', async (t) => {
    const tallies = await lab().load.during(async () => {
      await lab().fault('link', ...CLUSTERS, 'cut');
      await delay(12_000);
      await lab().fault('link', ...CLUSTERS, 'heal');
    }, 0);
    nothingLost(t, without(tallies, 'cluster1 -> service.cluster2', 'cluster2 -> service.cluster1'));
    await lab().lab.eventually('calls over the link are answered', async () => {
      const healed = await lab().load.during(async () => undefined, 1_000);
      for (const [name, { failed, failures }] of healed) assert.equal(failed, 0, `${name}: ${failures[0]?.reason}`);
    });
    await lab().allConnected();
  });
}

/** A POST was sent on a connection that broke before an answer: nobody but the application may send it again (RFC 9110, 9.2.2). */
function mayHaveArrived({ way, reason }: Failure): boolean {
  return way.startsWith('POST') && /^\s*503 .*reset reason: connection termination/.test(reason);
}

async function gatewaysLeft({ lab }: FaultLab, cluster: string, count: number): Promise<void> {
  await lab.eventually('those that were replaced have ended', async () => {
    const pods = await lab.kubectl(cluster, 'get', 'pods', '-n', 'istio-system', '-l', `app=${GATEWAY}`, '-o', 'name');
    assert.equal(pods.trim().split('\n').length, count);
  });
}
