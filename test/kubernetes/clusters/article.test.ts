/**
 * The article, from its first command to its last, on two fresh real clusters whose pods cannot reach each other's. The script is
 * examples/article/run.sh; what must be seen is checked here.
 */
import assert from 'node:assert/strict';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { callFrom, countBy, curl } from '../harness/calls.ts';
import type { CommandResult } from '../harness/command.ts';
import { type FaultLab, startFaultLab } from '../harness/fault-lab.ts';
import { IMAGE, type Lab, startLab, withoutLab } from '../harness/lab.ts';
import { controlPlaneFaults } from './faults/control-plane.ts';
import { dataPlaneFaults } from './faults/data-plane.ts';

const skip = withoutLab();
const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'examples', 'article', 'run.sh');
/** As the lab calls the clusters before the article gives them its names. */
const LAB_NAMES = ['east', 'west'];
const CALLER = 'spiffe://cluster.local/ns/default/sa/service';

describe('the article', { skip }, () => {
  let lab: Lab;
  let script: CommandResult;
  let outside: { close(): Promise<void> } | undefined;

  before(async () => {
    lab = await startLab(LAB_NAMES);
    outside = await lab.outside('service.cloud.provider.com');
    const [hub = '', tag = ''] = [IMAGE.slice(0, IMAGE.lastIndexOf('/')), IMAGE.slice(IMAGE.lastIndexOf(':') + 1)];
    const env = { FIRST: 'east', SECOND: 'west', IMAGE, HUB: hub, TAG: tag };
    script = await lab.run('bash', [SCRIPT], { env, timeoutMs: 300_000 });
    assert.equal(script.code, 0, `${script.stdout}\n${script.stderr}`);
  });
  after(async () => {
    await outside?.close();
    await lab?.down();
  });

  test('clusters are contexts, by the names that they were given', async () => {
    const { stdout } = await lab.run('kubectl', ['config', 'get-contexts', '-o', 'name']);
    assert.deepEqual(stdout.trim().split('\n'), ['cluster1', 'cluster2']);
  });

  test('the control plane and the gateways run, and pods have a sidecar', async () => {
    const pods = await lab.kubectl('cluster1', 'get', 'pods', '-n', 'istio-system', '-o', 'name');
    for (const name of ['istiod', 'istio-ingressgateway', 'istio-eastwestgateway'])
      assert.match(pods, new RegExp(name));
    const names = '{range .items[*]}{.spec.initContainers[*].name}{" "}{.status.phase}{"\\n"}{end}';
    for (const cluster of ['cluster1', 'cluster2']) {
      const found = await lab.kubectl(cluster, 'get', 'pods', '-o', `jsonpath=${names}`);
      assert.deepEqual([...new Set(found.trim().split('\n'))], ['istio-init istio-proxy Running'], cluster);
    }
  });

  test("cluster2 has no control plane of its own: cluster1's serves its proxies, through the gateway", async () => {
    const own = await lab.kubectl('cluster2', 'get', 'deployments', '-n', 'istio-system', '-o', 'name');
    assert.doesNotMatch(own, /istiod/);
    assert.match(script.stdout + script.stderr, /clusterIP of istiod in cluster1.*through its east-west gateway/s);
    const { stdout, code } = await lab.istioctl('--context', 'cluster1', 'proxy-status', '-o', 'json');
    assert.equal(code, 0);
    const proxies = JSON.parse(stdout) as readonly { readonly cluster: string; readonly pod: string }[];
    const count = (cluster: string): number => proxies.filter((proxy) => proxy.cluster === cluster).length;
    assert.deepEqual([count('cluster1'), count('cluster2')], [5, 5]);
  });

  for (const [here, there] of [
    ['cluster1', 'cluster2'],
    ['cluster2', 'cluster1'],
  ] as const) {
    test(`${here} comes to know the names of ${there}`, async () => {
      // In a remote a new name has to come through the ConfigMap of its DNS, which the kubelet looks at now and then.
      await lab.eventually(`service.${there} answers in ${here}`, async () => {
        for (let call = 0; call < 5; call++)
          assert.equal((await curl(lab, here, `http://service.${there}/`)).status, 200);
      });
    });

    test(`${here} reaches the pods of ${there} by name, evenly and in mTLS`, async () => {
      const answers = await callFrom(lab, here, `http://service.${there}/`, { times: 90 });
      assert.deepEqual([...countBy(answers, ({ cluster }) => cluster).keys()], [there]);
      assert.deepEqual([...countBy(answers, ({ caller }) => caller).keys()], [CALLER]);
      const shares = [...countBy(answers, ({ pod }) => pod).values()];
      assert.equal(shares.length, 3);
      for (const share of shares) assert.ok(share >= 20 && share <= 40, `uneven: ${shares}`);
    });

    test(`${there} lets GET and POST of ${here} in, and nothing else`, async () => {
      for (const [method, status] of [
        ['GET', 200],
        ['POST', 200],
        ['DELETE', 403],
        ['PUT', 403],
      ] as const) {
        const answer = await curl(lab, here, `http://service.${there}/`, '-X', method);
        assert.equal(answer.status, status, method);
        if (status === 403) assert.equal(answer.body, 'RBAC: access denied');
      }
    });
  }

  test('names with a namespace, and the name of Kubernetes, reach the same service', async () => {
    assert.equal((await callFrom(lab, 'cluster1', 'http://service.default.cluster2/'))[0]?.cluster, 'cluster2');
    assert.equal((await callFrom(lab, 'cluster1', 'http://service/'))[0]?.cluster, 'cluster1');
    assert.equal(
      (await callFrom(lab, 'cluster1', 'http://service.default.svc.cluster.local/'))[0]?.cluster,
      'cluster1',
    );
  });

  test('subsets are the pods of a version', async () => {
    await lab.apply('cluster1', routeTo('v2'));
    await lab.eventually('all answers are of v2', async () => {
      const answers = await callFrom(lab, 'cluster1', 'http://service.cluster2/', { times: 20 });
      assert.deepEqual([...countBy(answers, ({ version }) => version).keys()], ['v2']);
    });
    await lab.kubectl('cluster1', 'apply', '-f', join(dirname(SCRIPT), 'cluster1', 'virtual-service.yaml'));
  });

  test('plaintext is refused everywhere', async () => {
    // Neither by a pod without a sidecar inside, nor by this machine from outside.
    const address = await lab.kubectl(
      'cluster1',
      'get',
      'pods',
      '-l',
      'app=service',
      '-o',
      'jsonpath={.items[0].status.podIP}',
    );
    const { code } = await lab.run('curl', ['-sS', '-m', '5', `http://${address}:8080/`]);
    assert.equal(code, 56, 'the connection is reset');
    const gateway = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
    const entry = await lab.kubectl(
      'cluster1',
      'get',
      'service',
      '-n',
      'istio-system',
      'istio-eastwestgateway',
      '-o',
      gateway,
    );
    const other = await lab.run('curl', ['-sS', '-m', '5', `http://${entry}:15443/`]);
    assert.notEqual(other.code, 0);
  });

  test("the endpoints of the other cluster's pods show in proxy-config", async () => {
    const { stdout, code } = await lab.istioctl(
      '--context',
      'cluster1',
      'proxy-config',
      'endpoints',
      'deployment/service',
    );
    assert.equal(code, 0);
    const lines = stdout.split('\n').filter((line) => line.includes('outbound|80||service.cluster2'));
    assert.equal(lines.length, 3, stdout);
    for (const line of lines) assert.match(line, /cluster2\/default\/service-.*HEALTHY\s+OK/);
    assert.match(script.stdout, /ENDPOINT\s+STATUS\s+OUTLIER CHECK\s+CLUSTER/);
  });

  test('the commands of the last page answered', () => {
    assert.match(script.stdout, /"cluster":"cluster2"/, 'exec ... curl http://service.cluster2');
    assert.match(script.stdout, /istiod is ready/, 'logs deployment/istiod');
  });

  test('a service outside is found by DNS, and reached without mTLS', async () => {
    await lab.eventually('http://service.cloud answers', async () => {
      const { status, body } = await curl(lab, 'cluster1', 'http://service.cloud/hello');
      assert.deepEqual([status, body], [200, 'outside: GET service.cloud /hello']);
    });
  });

  // What a call is lost to is only seen where there are many: see ./faults.
  describe('under load', () => {
    let faulty: FaultLab;
    before(async () => {
      faulty = await startFaultLab(lab, LAB_NAMES);
    });
    controlPlaneFaults(() => faulty);
    dataPlaneFaults(() => faulty);
  });
});

function routeTo(subset: string): string {
  return JSON.stringify({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'cross-cluster-service', namespace: 'default' },
    spec: {
      hosts: ['service.cluster2'],
      http: [{ route: [{ destination: { host: 'service.cluster2', subset, port: { number: 80 } } }] }],
    },
  });
}
