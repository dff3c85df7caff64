import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { LeaderDuties, ROOTS_CONFIG_MAP, RootPublisher } from '../../src/istiod/index.ts';
import { isNotFound } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const HOME = 'cluster1' as ClusterId;
const REMOTE = 'cluster2' as ClusterId;

describe('a cluster is kept up', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  const warnings: string[] = [];
  before(async () => {
    server = await startApiServer({ users: [{ name: 'nobody' }] });
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

  /** @param at clusters in which there is something to do: both are the same API server here. */
  function leader(...at: readonly ClusterId[]): LeaderDuties {
    const log = pino({ level: 'warn' }, { write: (line) => void warnings.push(line) });
    return new LeaderDuties({
      home: HOME,
      homeApi: server.admin,
      namespace: 'istio-system',
      dutiesIn: (cluster, api) =>
        at.includes(cluster) ? [new RootPublisher(api, { roots: () => [`roots for ${cluster}`], log })] : [],
      log,
    });
  }

  async function allow(clusters: string | null): Promise<void> {
    await server.admin.send(
      'PATCH',
      '/api/v1/namespaces/istio-system',
      { metadata: { annotations: { ['topology.istio.io/controlPlaneClusters']: clusters } } },
      { contentType: 'application/merge-patch+json' },
    );
  }

  test('while this replica leads, and no longer', async () => {
    const duties = leader(HOME);
    duties.begin();
    await eventually('the roots are published', async () => (await published()) === 'roots for cluster1');
    await duties.end();
    await server.admin.send('DELETE', path);
    await delay(300);
    assert.equal(await published(), undefined);
    duties.begin();
    await eventually('and again', async () => (await published()) === 'roots for cluster1');
    await duties.end();
    await server.admin.send('DELETE', path);
  });

  test('where a remote says that it has no control plane of its own, and may be managed from here', async (t) => {
    const duties = leader(REMOTE);
    t.after(() => duties.end());
    const isPublished = async (): Promise<boolean> => (await published()) === 'roots for cluster2';
    await allow('cluster9');
    duties.joined(REMOTE, server.admin);
    duties.begin();
    await delay(500);
    assert.equal(await published(), undefined);
    await allow('cluster9, cluster1');
    await eventually('the roots are published', isPublished);
    await allow(null);
    await delay(500);
    await server.admin.send('DELETE', path);
    await delay(300);
    assert.equal(await published(), undefined);
    await allow('*');
    await eventually('the roots are published again', isPublished);
    await duties.left(REMOTE);
    await server.admin.send('DELETE', path);
    await delay(300);
    assert.equal(await published(), undefined);
  });

  test('where a remote may not be asked for it, that is told', async (t) => {
    const duties = leader(REMOTE);
    const api = server.connect(server.tokenOf('nobody'));
    t.after(async () => {
      await duties.end();
      api.close();
    });
    duties.begin();
    duties.joined(REMOTE, api);
    await eventually('it is told', () => warnings.some((line) => /"cluster2".*forbidden/.test(line)));
  });
});
