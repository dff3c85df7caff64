import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { ClusterUpkeep, CONTROL_PLANE_CLUSTERS, ROOTS_CONFIG_MAP } from '../../src/istiod/index.ts';
import { isNotFound } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const TIMES = { leaseMs: 1_000, renewWithinMs: 600, retryMs: 100 };
const HOME = 'cluster1' as ClusterId;

describe('a cluster is kept up', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  before(async () => {
    server = await startApiServer();
    await server.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'istio-system' } });
  });
  after(() => server?.stop());

  const path = `/api/v1/namespaces/default/configmaps/${ROOTS_CONFIG_MAP}`;

  async function published(): Promise<string | undefined> {
    try {
      return ((await server.admin.get(path))['data'] as Readonly<Record<string, string>>)['root-cert.pem'];
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  function upkeep(cluster: string, home: ClusterId, identity = 'istiod-1'): ClusterUpkeep {
    return new ClusterUpkeep(server.admin, {
      cluster: cluster as ClusterId,
      home,
      namespace: 'istio-system',
      revision: '',
      identity,
      roots: () => [`roots of ${home}`],
      now: Date.now,
      log: pino({ level: 'silent' }),
      times: TIMES,
    });
  }

  async function allow(clusters: string | null): Promise<void> {
    await server.admin.send(
      'PATCH',
      '/api/v1/namespaces/istio-system',
      { metadata: { annotations: { [CONTROL_PLANE_CLUSTERS]: clusters } } },
      { contentType: 'application/merge-patch+json' },
    );
  }

  test('by one replica, and by the other when that one stops', async (t) => {
    const replicas = ['istiod-1', 'istiod-2'].map((identity) => upkeep(HOME, HOME, identity));
    t.after(() => Promise.all(replicas.map((each) => each.stop())));
    for (const each of replicas) each.start();
    await eventually('the roots are published', async () => (await published()) === 'roots of cluster1');
    assert.equal(replicas.filter(({ isLeader }) => isLeader).length, 1);
    await replicas.find(({ isLeader }) => isLeader)?.stop();
    await server.admin.send('DELETE', path);
    await eventually('and again', async () => (await published()) === 'roots of cluster1');
  });

  test('only where it says that it has no control plane of its own, and may be served by us', async (t) => {
    const remote = upkeep('cluster2', HOME);
    t.after(() => remote.stop());
    await server.admin.send('DELETE', path);
    remote.start();
    await delay(500);
    assert.equal(await published(), undefined);
    await allow('cluster9');
    await delay(300);
    assert.equal(await published(), undefined);
    await allow('cluster9,cluster1');
    await eventually('the roots are published', async () => (await published()) === 'roots of cluster1');
    await allow(null);
    await eventually('it is left alone', () => !remote.isLeader);
    await server.admin.send('DELETE', path);
    await delay(300);
    assert.equal(await published(), undefined);
  });
});
