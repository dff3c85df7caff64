/** Every kind of workload and Service that runs here, and the commands that look at them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { ProxyStatus } from '../../src/embedded/fleet-api.ts';
import { assertAllOk, countBy } from './harness/answer.ts';
import { eventually } from './harness/eventually.ts';
import { useFleet } from './harness/test-fleet.ts';

const ONE = { cluster: 'cluster1', target: 'deployment/web' } as const;
const TWO = { cluster: 'cluster2', target: 'deployment/client' } as const;
const WORKLOADS = readFileSync(new URL('./manifests/workloads.yaml', import.meta.url), 'utf8');
const CLIENT = readFileSync(new URL('./manifests/client.yaml', import.meta.url), 'utf8');

describe('workloads and commands', () => {
  const fleet = useFleet({
    files: { 'cluster1/workloads.yaml': WORKLOADS.replace('NODE', process.execPath), 'cluster2/client.yaml': CLIENT },
  });

  test('a Service with a named target port', async () => {
    const answers = await fleet.call(ONE, { url: 'http://web', count: 4 });
    assertAllOk(answers);
    assert.deepEqual(countBy(answers, 'namespace'), { default: 4 });
  });

  test('a port below 1024', async () => {
    assert.equal((await fleet.callOnce(ONE, 'http://low')).status, 200);
    assert.equal((await fleet.callOnce(TWO, 'http://low.default.cluster1')).status, 200);
  });

  test('an ExternalName for a Service of the mesh', async () => {
    const { status, pod = '' } = await fleet.callOnce(ONE, 'http://alias');
    assert.equal(status, 200);
    assert.match(pod, /^web-/);
  });

  test('pods of a StatefulSet by their own names, from both clusters', async () => {
    for (const name of ['db-0', 'db-1']) {
      for (const from of [ONE, TWO]) {
        const { status, pod, cluster } = await fleet.callOnce(from, `http://${name}.db.default.cluster1`);
        assert.deepEqual({ status, pod, cluster }, { status: 200, pod: name, cluster: 'cluster1' });
      }
    }
    const pods = await fleet.pods('cluster1', 'statefulset/db');
    assert.deepEqual(
      pods.map(({ name }) => name),
      ['db-0', 'db-1'],
    );
  });

  test('a pod without a sidecar is called in plaintext, and calls from outside the mesh', async () => {
    const answer = await fleet.callOnce(ONE, 'http://legacy.plain');
    assert.deepEqual([answer.status, answer.namespace, answer.caller], [200, 'plain', null]);
    const [legacy] = await fleet.pods('cluster1', 'deployment/legacy', 'plain');
    assert.equal(legacy?.proxy, 'none');
    const env = await fleet.ok(['exec', '--context', 'cluster1', '-n', 'plain', 'deployment/legacy', '--', 'env']);
    assert.doesNotMatch(env, /^http_proxy=/m);
  });

  test('a local command in the place of an image', async () => {
    const { status, text } = await fleet.callOnce(TWO, 'http://own.default.cluster1');
    assert.deepEqual({ status, text }, { status: 200, text: 'made here, told by pod own' });
  });

  test('a Deployment that is applied, scaled and deleted', async () => {
    const manifest = CLIENT.replaceAll('client', 'extra');
    assert.match(await fleet.apply('cluster2', manifest), /deployment\.apps\/extra created/);
    await fleet.ready();
    assert.equal(
      (await fleet.callOnce({ ...TWO, target: 'deployment/extra' }, 'http://web.default.cluster1')).status,
      200,
    );
    const scaled = await fleet.apply('cluster2', manifest.replace('replicas: 1', 'replicas: 2'));
    assert.match(scaled, /deployment\.apps\/extra configured/);
    await eventually('two pods', async () => {
      const pods = await fleet.pods('cluster2', 'deployment/extra');
      return pods.length === 2 && pods.every(({ ready }) => ready);
    });
    const deleted = await fleet.ok(['delete', '--context', 'cluster2', 'deployment', 'extra']);
    assert.match(deleted, /^deployment\.apps\/extra deleted$/m);
    await eventually('no pods', async () => (await fleet.pods('cluster2', 'deployment/extra')).length === 0);
    const gone = await fleet.run(['delete', '--context', 'cluster2', 'deployment', 'extra']);
    assert.equal(gone.code, 1);
  });

  test('get: tables, names, objects', async () => {
    const at = ['--context', 'cluster1'];
    assert.match(await fleet.ok(['get', 'svc', ...at]), /^web\s+ClusterIP/m);
    assert.match(await fleet.ok(['get', 'deploy', ...at]), /^web\s+1\/1/m);
    assert.match(await fleet.ok(['get', 'pods', '-A', ...at]), /^default\s+db-0\s+2\/2\s+Running/m);
    assert.match(await fleet.ok(['get', 'sts', 'db', '-o', 'name', ...at]), /^statefulset\.apps\/db$/m);
    const pod = JSON.parse(await fleet.ok(['get', 'pod', 'db-0', '-o', 'json', ...at])) as {
      metadata: { name: string };
    };
    assert.equal(pod.metadata.name, 'db-0');
    assert.equal((await fleet.run(['get', 'svc', 'nobody', ...at])).code, 1);
    assert.equal((await fleet.run(['get', 'nonsense', ...at])).code !== 0, true);
  });

  test('logs of the application and of its Envoy', async () => {
    const at = ['--context', 'cluster1', 'statefulset/db'];
    assert.match(await fleet.ok(['logs', ...at]), /^echo: http on 127\./m);
    await fleet.ok(['logs', ...at, '-c', 'istio-proxy', '--tail', '5']);
    assert.equal((await fleet.run(['logs', ...at, '-c', 'nobody'])).code, 1);
  });

  test('proxy-status: every proxy has taken what it was sent', async () => {
    const proxies = JSON.parse(await fleet.ok(['proxy-status', '-o', 'json'])) as readonly ProxyStatus[];
    const clusters = (await fleet.status()).clusters;
    const wanted = clusters.flatMap(({ pods }) => pods.filter(({ proxy }) => proxy !== 'none').map(({ name }) => name));
    assert.deepEqual(proxies.map(({ pod }) => pod).sort(), [...wanted].sort());
    const states = new Set(proxies.flatMap(({ types }) => Object.values(types).map(({ state }) => state)));
    assert.ok(!states.has('NACKED'), JSON.stringify(proxies));
    assert.match(await fleet.ok(['proxy-status']), /SYNCED/);
  });

  test('proxy-config: each part of the configuration of a real Envoy', async () => {
    await fleet.callOnce(ONE, 'http://web');
    const at = ['deployment/web', '--context', 'cluster1'];
    assert.match(await fleet.ok(['proxy-config', 'listeners', ...at]), /15001/);
    assert.match(await fleet.ok(['proxy-config', 'routes', ...at]), /web/);
    assert.match(await fleet.ok(['proxy-config', 'clusters', ...at]), /web\.default\.svc\.cluster\.local/);
    assert.match(await fleet.ok(['proxy-config', 'endpoints', ...at]), /HEALTHY/);
    assert.match(await fleet.ok(['proxy-config', 'secrets', ...at]), /default/);
    assert.match(await fleet.ok(['proxy-config', 'bootstrap', ...at, '-o', 'json']), /"node"/);
    const secrets = await fleet.ok(['proxy-config', 'secrets', ...at, '-o', 'json']);
    assert.doesNotMatch(secrets, /PRIVATE KEY/);
    assert.doesNotMatch(await fleet.ok(['proxy-config', 'all', ...at, '-o', 'yaml']), /PRIVATE KEY/);
  });

  test('exec passes exit codes on; version and help answer', async () => {
    const exec = ['exec', '--context', 'cluster1', 'deployment/web', '--'];
    assert.equal((await fleet.run([...exec, 'sh', '-c', 'exit 7'])).code, 7);
    assert.equal((await fleet.run([...exec, 'no-such-command-here'])).code, 127);
    assert.match(await fleet.ok(['version']), /^pelagos \d+\.\d+\.\d+$/m);
    assert.match(await fleet.ok(['--help']), /proxy-config/);
    assert.equal((await fleet.run(['no-such-command'])).code, 2);
  });
});
