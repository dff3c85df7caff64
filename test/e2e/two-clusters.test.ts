/** The example with two clusters, through real Envoys: names, identities, who may call, what a gateway sees, dead pods. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assertAllOk, assertEven, countBy, failuresOf } from './harness/answer.ts';
import { eventually } from './harness/eventually.ts';
import { plainRequest } from './harness/plain-request.ts';
import { appsOf, envoysOf, signal } from './harness/processes.ts';
import { type TestFleet, useFleet } from './harness/test-fleet.ts';

const CALLER_IDENTITY = 'spiffe://cluster.local/ns/default/sa/service';
const FORBIDDEN = 'RBAC: access denied';
const ONE = { cluster: 'cluster1' } as const;
const TWO = { cluster: 'cluster2' } as const;
const IS_LINUX = existsSync('/proc/self/environ');

async function podNames(fleet: TestFleet, cluster: string): Promise<readonly string[]> {
  const { pods } = await fleet.cluster(cluster);
  return pods.filter(({ labels }) => labels['app'] === 'service').map(({ name }) => name);
}

describe('two clusters', { skip: IS_LINUX ? false : 'needs /proc' }, () => {
  const fleet = useFleet({ example: 'two-clusters' });

  for (const [here, there] of [
    ['cluster1', 'cluster2'],
    ['cluster2', 'cluster1'],
  ] as const) {
    test(`in ${here}, service.${there} is only ${there}'s pods, in equal shares`, async () => {
      const pods = await podNames(fleet, there);
      assert.equal(pods.length, 3);
      const answers = await fleet.call({ cluster: here }, { url: `http://service.${there}/a?b=c`, count: 300 });
      assertAllOk(answers);
      assert.deepEqual(countBy(answers, 'cluster'), { [there]: 300 });
      // Only cluster1 has a DestinationRule that says round robin; Istio's default chooses between two at random.
      assertEven(countBy(answers, 'pod'), pods, here === 'cluster1' ? 3 : 45);
      assert.deepEqual(countBy(answers, 'caller'), { [CALLER_IDENTITY]: 300 });
      assert.equal(answers[0]?.path, '/a?b=c');
    });
  }

  test('a name with namespace and cluster reaches that cluster', async () => {
    const answers = await fleet.call(ONE, { url: 'http://service.default.cluster2', count: 30 });
    assertAllOk(answers);
    assert.deepEqual(countBy(answers, 'cluster'), { cluster2: 30 });
  });

  test('a plain name stays in the own cluster while it has healthy pods', async () => {
    for (const cluster of ['cluster1', 'cluster2']) {
      const answers = await fleet.call({ cluster }, { url: 'http://service', count: 30 });
      assertAllOk(answers);
      assert.deepEqual(countBy(answers, 'cluster'), { [cluster]: 30 });
    }
  });

  test('POST is let through with its body, DELETE is refused, from either cluster', async () => {
    for (const [from, host] of [
      [ONE, 'service.cluster2'],
      [TWO, 'service.cluster1'],
      [TWO, 'service'],
    ] as const) {
      const [post] = await fleet.call(from, { url: `http://${host}`, method: 'POST', body: 'x'.repeat(100_000) });
      assert.equal(post?.status, 200);
      assert.equal(post?.method, 'POST');
      const refused = await fleet.callOnce(from, `http://${host}`, 'DELETE');
      assert.deepEqual({ status: refused.status, text: refused.text }, { status: 403, text: FORBIDDEN });
    }
  });

  test('an identity of another namespace is refused, in the own cluster and across', async () => {
    await fleet.apply('cluster1', OTHER_NAMESPACE);
    await fleet.ready();
    const stranger = { cluster: 'cluster1', namespace: 'other', target: 'deployment/stranger' };
    for (const url of ['http://service.default', 'http://service.default.cluster2', 'http://service.cluster2']) {
      const { status, text } = await fleet.callOnce(stranger, url);
      assert.deepEqual({ url, status, text }, { url, status: 403, text: FORBIDDEN });
    }
    await fleet.ok(['delete', '--context', 'cluster1', '-f', '-'], OTHER_NAMESPACE);
  });

  test('plaintext is refused by sidecars and by the east-west gateway', async () => {
    const { pods } = await fleet.cluster('cluster2');
    const targets = pods.flatMap(({ labels, address }) => {
      if (labels['app'] === 'service') return [{ address, port: 8080 }];
      return labels['istio'] === 'eastwestgateway' ? [{ address, port: 15443 }] : [];
    });
    assert.equal(targets.length, 4);
    for (const { address, port } of targets) {
      assert.deepEqual(await plainRequest(address, port), { isConnected: true, text: '' }, `${address}:${port}`);
    }
  });

  test('the east-west gateway has nothing to decrypt with: its listener takes no TLS', async () => {
    const gateway = ['deployment/istio-eastwestgateway', '--context', 'cluster2', '-n', 'istio-system', '-o', 'json'];
    const listeners = await fleet.ok(['proxy-config', 'listeners', ...gateway]);
    assert.match(listeners, /15443/);
    assert.match(listeners, /REQUESTED_SERVER_NAME/);
    assert.doesNotMatch(listeners, /DownstreamTlsContext|transport_socket|transportSocket/);
    const secrets = await fleet.ok(['proxy-config', 'secrets', ...gateway]);
    assert.doesNotMatch(secrets, /sa\/service/);
  });

  test('a VirtualService to a subset reaches only pods of that version', async () => {
    const traffic = fleet.read('cluster1/virtual-service.yaml');
    for (const version of ['v2', 'v1']) {
      const target = 'host: service.cluster2\n        port:\n          number: 80';
      assert.ok(traffic.includes(target));
      fleet.write('cluster1/virtual-service.yaml', traffic.replace(target, `${target}\n        subset: ${version}`));
      await eventually(`only ${version}`, async () => {
        const answers = await fleet.call(ONE, { url: 'http://service.cluster2', count: 12 });
        assertAllOk(answers);
        assert.deepEqual(countBy(answers, 'version'), { [version]: 12 });
        assert.deepEqual(countBy(answers, 'cluster'), { cluster2: 12 });
        return true;
      });
    }
    fleet.write('cluster1/virtual-service.yaml', traffic);
    await eventually('both versions', async () => {
      const answers = await fleet.call(ONE, { url: 'http://service.cluster2', count: 30 });
      assertAllOk(answers);
      return Object.keys(countBy(answers, 'version')).length === 2;
    });
  });

  test('a dead pod behind the gateway is left out alone, and comes back', async () => {
    const pods = await podNames(fleet, 'cluster2');
    const [victim = ''] = pods;
    const load = fleet.load(ONE, { url: 'http://service.cluster2', pauseMs: 5 });
    await eventually('shares of all pods', async () => {
      assertEven(countBy(await load.next(30), 'pod'), pods, 2);
      return true;
    });
    let kills = 0;
    await eventually('calls without the dead pod', async () => {
      const found = [...envoysOf(fleet.root, victim), ...appsOf(fleet.root, victim)];
      for (const { pid } of found) if (signal(pid, 'SIGKILL')) kills++;
      const answers = await load.next(30);
      assert.ok(kills > 0, 'no process of the pod was found');
      assertEven(
        countBy(answers, 'pod'),
        pods.filter((name) => name !== victim),
        2,
      );
      return true;
    });
    await eventually('equal shares of all pods again', async () => {
      assertEven(countBy(await load.next(60), 'pod'), pods, 3);
      return true;
    });
    const failures = failuresOf(await load.stop());
    // One call at a time: at each kill at most the one that the pod was just answering can be lost.
    assert.ok(failures.length <= kills, `${failures.length} failures at ${kills} kills: ${JSON.stringify(failures)}`);
    await fleet.ready();
  });
});

const OTHER_NAMESPACE = `
apiVersion: v1
kind: Namespace
metadata:
  name: other
  labels:
    istio-injection: enabled
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: stranger
  namespace: other
spec:
  selector:
    matchLabels:
      app: stranger
  template:
    metadata:
      labels:
        app: stranger
    spec:
      containers:
      - name: app
        image: example.test/echo:1
        ports:
        - containerPort: 8080
`;
