/**
 * What fails, under steady load on two real clusters: a request is lost if it failed although a healthy endpoint was there. All of
 * it is the article's installation, with two replicas of each east-west gateway.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { IMAGE, type Lab, startLab, withoutLab } from '../harness/lab.ts';
import { describeTallies, type Load, startLoad, type Tallies } from '../harness/load.ts';

const skip = withoutLab();
const ROOT = join(import.meta.dirname, '..', '..', '..');
const SCRIPT = join(ROOT, 'examples', 'article', 'run.sh');
const LAB = join(ROOT, 'test', 'kubernetes', 'lab', 'lab');
const CLUSTERS = ['cluster1', 'cluster2'] as const;
const SYSTEM = ['-n', 'istio-system'] as const;
/** As a node that crashes ends a pod: no hook runs, no signal is handled. */
const AT_ONCE = ['--grace-period=0', '--force', '--wait=false'] as const;

describe('faults under load', { skip }, () => {
  let lab: Lab;
  let load: Load;

  before(async () => {
    lab = await startLab(CLUSTERS);
    const [hub = '', tag = ''] = [IMAGE.slice(0, IMAGE.lastIndexOf('/')), IMAGE.slice(IMAGE.lastIndexOf(':') + 1)];
    const script = await lab.run('bash', [SCRIPT], { env: { IMAGE, HUB: hub, TAG: tag }, timeoutMs: 300_000 });
    assert.equal(script.code, 0, `${script.stdout}\n${script.stderr}`);
    await Promise.all(
      CLUSTERS.map(async (cluster) => {
        await lab.kubectl(cluster, 'scale', ...SYSTEM, 'deployment/istio-eastwestgateway', '--replicas=2');
        await rolledOut(cluster, 'deployment/istio-eastwestgateway', ...SYSTEM);
      }),
    );
    load = await startLoad(lab, CLUSTERS);
  });
  after(() => lab?.down());

  const rolledOut = (cluster: string, what: string, ...where: readonly string[]): Promise<string> =>
    lab.kubectl(cluster, 'rollout', 'status', ...where, what, '--timeout=120s');
  const restart = async (cluster: string, what: string, ...where: readonly string[]): Promise<void> => {
    await lab.kubectl(cluster, 'rollout', 'restart', ...where, what);
    await rolledOut(cluster, what, ...where);
  };
  const podOf = async (cluster: string, app: string): Promise<string> =>
    (await lab.kubectl(cluster, 'get', 'pods', ...SYSTEM, '-l', `app=${app}`, '-o', 'name')).split('\n')[0] ?? '';
  const kill = async (cluster: string, app: string): Promise<void> => {
    await lab.kubectl(cluster, 'delete', ...SYSTEM, await podOf(cluster, app), ...AT_ONCE);
  };
  const remoteState = async (): Promise<string> =>
    (await lab.istioctl('--context', 'cluster1', 'remote-clusters')).stdout;
  /** All proxies of both clusters are connected to a control plane again. */
  const allConnected = (): Promise<void> =>
    lab.eventually('all proxies are connected', async () => {
      const { stdout } = await lab.istioctl('--context', 'cluster1', 'proxy-status', '-o', 'json');
      const proxies = JSON.parse(stdout) as readonly { readonly pod: string }[];
      const names = new Set(proxies.map(({ pod }) => pod));
      for (const cluster of CLUSTERS) {
        const pods = await lab.kubectl(cluster, 'get', 'pods', '-o', 'jsonpath={.items[*].metadata.name}');
        for (const pod of pods.split(' ')) assert.ok(names.has(pod), `${cluster}: ${pod} is not connected`);
      }
    });

  test('the control plane is killed, and comes back', async (t) => {
    const tallies = await load.during(async () => {
      await kill('cluster1', 'istiod');
      await rolledOut('cluster1', 'deployment/istiod', ...SYSTEM);
      await allConnected();
    });
    nothingLost(t, tallies);
  });

  test('the control plane is rolled out', async (t) => {
    const tallies = await load.during(async () => {
      await restart('cluster1', 'deployment/istiod', ...SYSTEM);
      await allConnected();
    });
    nothingLost(t, tallies);
  });

  test('one of two control planes is killed', async (t) => {
    await lab.kubectl('cluster1', 'scale', ...SYSTEM, 'deployment/istiod', '--replicas=2');
    await rolledOut('cluster1', 'deployment/istiod', ...SYSTEM);
    const tallies = await load.during(async () => {
      await kill('cluster1', 'istiod');
      await allConnected();
    });
    await rolledOut('cluster1', 'deployment/istiod', ...SYSTEM);
    nothingLost(t, tallies);
  });

  test('an east-west gateway is killed', async (t) => {
    const tallies = await load.during(async () => {
      for (const cluster of CLUSTERS) await kill(cluster, 'istio-eastwestgateway');
    }, 8_000);
    for (const cluster of CLUSTERS) await rolledOut(cluster, 'deployment/istio-eastwestgateway', ...SYSTEM);
    nothingLost(t, tallies);
  });

  test('the gateways are rolled out', async (t) => {
    const tallies = await load.during(async () => {
      await Promise.all(CLUSTERS.map((cluster) => restart(cluster, 'deployment/istio-eastwestgateway', ...SYSTEM)));
    }, 20_000);
    nothingLost(t, tallies);
  });

  test('the application is rolled out', async (t) => {
    const tallies = await load.during(async () => {
      await Promise.all(
        CLUSTERS.flatMap((cluster) => [
          restart(cluster, 'deployment/service'),
          restart(cluster, 'deployment/service-v2'),
        ]),
      );
    }, 8_000);
    nothingLost(t, tallies);
  });

  test('all pods of the service are gone in one cluster: the other answers', async (t) => {
    const scale = (replicas: number, name: string): Promise<string> =>
      lab.kubectl('cluster1', 'scale', `deployment/${name}`, `--replicas=${replicas}`);
    const tallies = await load.during(async () => {
      await Promise.all([scale(0, 'service'), scale(0, 'service-v2')]);
      await lab.eventually('no pod is left', async () => {
        const pods = await lab.kubectl('cluster1', 'get', 'pods', '-l', 'app=service', '-o', 'name');
        assert.equal(pods, '');
      });
    });
    assert.ok((tallies.get('cluster1 -> service')?.clusters['cluster2'] ?? 0) > 0);
    const back = await load.during(async () => {
      await Promise.all([scale(2, 'service'), scale(1, 'service-v2')]);
      await rolledOut('cluster1', 'deployment/service');
      await rolledOut('cluster1', 'deployment/service-v2');
    });
    const withEndpoints = (of: Tallies): Tallies =>
      new Map([...of].filter(([name]) => name !== 'cluster2 -> service.cluster1'));
    nothingLost(t, withEndpoints(tallies));
    nothingLost(t, withEndpoints(back));
    const after = await load.during(async () => undefined);
    assert.deepEqual(Object.keys(after.get('cluster1 -> service')?.clusters ?? {}), ['cluster1']);
  });

  // Two minutes are no different from what comes after the first ten seconds, but for this test's own length.
  test('the API server of a cluster is away: its endpoints are marked stale, and serve', async (t) => {
    const tallies = await load.during(async () => {
      await lab.run(LAB, ['api', 'cluster2', 'stop']);
      await lab.eventually('cluster2 is stale', async () => assert.match(await remoteState(), /cluster2\s.*stale/));
      await delay(5_000);
      await lab.run(LAB, ['api', 'cluster2', 'start']);
      await lab.eventually('cluster2 is synced', async () => assert.match(await remoteState(), /cluster2\s.*synced/));
    });
    nothingLost(t, tallies);
  });

  test('the link between the clusters is cut, and healed', async (t) => {
    const tallies = await load.during(async () => {
      await lab.run(LAB, ['link', ...CLUSTERS, 'cut']);
      await delay(12_000);
      await lab.run(LAB, ['link', ...CLUSTERS, 'heal']);
    }, 0);
    nothingLost(t, new Map([...tallies].filter(([name]) => name.endsWith('-> service'))));
    await lab.eventually('calls over the link are answered', async () => {
      const healed = await load.during(async () => undefined, 1_000);
      for (const [name, { failed, failures }] of healed) assert.equal(failed, 0, `${name}: ${failures[0]?.reason}`);
    });
    await allConnected();
  });

  test('the remote secret is removed, and put back', async (t) => {
    const secret = await lab.kubectl(
      'cluster1',
      'get',
      'secret',
      ...SYSTEM,
      '-l',
      'istio/multiCluster=true',
      '-o',
      'json',
    );
    const tallies = await load.during(async () => {
      await lab.kubectl('cluster1', 'delete', 'secret', ...SYSTEM, '-l', 'istio/multiCluster=true');
      await delay(5_000);
      await lab.apply('cluster1', secret);
      await lab.eventually('cluster2 is synced', async () => assert.match(await remoteState(), /cluster2\s.*synced/));
      await allConnected();
    });
    nothingLost(t, new Map([...tallies].filter(([name]) => name !== 'cluster1 -> service.cluster2')));
    nothingLost(t, await load.during(async () => undefined));
  });
});

function nothingLost(t: TestContext, tallies: Tallies): void {
  const said = describeTallies(tallies);
  t.diagnostic(said);
  assert.ok(tallies.size > 0, 'there were no calls');
  for (const [name, { calls, failed }] of tallies) {
    assert.ok(calls > 0, `${name}: no calls`);
    assert.equal(failed, 0, said);
  }
}
