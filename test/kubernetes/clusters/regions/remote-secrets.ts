import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callFrom } from '../../harness/calls.ts';
import type { Lab } from '../../harness/lab.ts';
import { EAST, istioctl, letRead, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

interface Member {
  readonly name: string;
  readonly secret: string;
  readonly status: string;
  readonly error: string;
}

async function members(lab: Lab): Promise<readonly Member[]> {
  const text = await istioctl(lab, 'remote-clusters', '--context', EAST, '-o', 'json');
  return (JSON.parse(text) as readonly Member[]).filter(({ secret }) => secret !== '');
}

function kubeconfig(user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    // An address of the lab's network that nobody has.
    clusters: [{ name: 'c', cluster: { server: 'https://10.123.0.99:6443' } }],
    users: [{ name: 'c', user }],
  });
}

function secret(cluster: string, text: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `remote-${cluster}`,
      namespace: 'istio-system',
      labels: { 'istio/multiCluster': 'true' },
    },
    stringData: { [cluster]: text },
  });
}

/** Each with what is said of it. */
const BROKEN = [
  ['rubbish', '{ not yaml', /^refused its kubeconfig cannot be used/],
  ['plugin', kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'id' } }), /^refused .*exec/],
  ['absent', kubeconfig({ token: 'x' }), /^(syncing|stale) .*10\.123\.0\.99.*(EHOSTUNREACH|time)/],
] as const;

const OLD_TOKEN = 'istio-reader-service-account-istio-remote-secret-token';

export function brokenSecretTests(get: () => TwoRegions): void {
  test('secrets that cannot be used are named with their cause, and harm nobody', async () => {
    const { lab } = get();
    for (const [cluster, text] of BROKEN) await lab.apply(EAST, secret(cluster, text));
    await lab.eventually('each is named', async () => {
      const found = await members(lab);
      for (const [cluster, , what] of BROKEN) {
        const member = found.find(({ name }) => name === cluster);
        assert.match(`${member?.status} ${member?.error}`, what);
      }
      assert.equal(found.find(({ name }) => name === WEST)?.status, 'synced');
    });
    const { stdout, code } = await lab.run('pelagos', ['check', '--context', EAST]);
    assert.match(
      stdout,
      /✘ the other clusters are read\n {4}absent is .*plugin is refused.*rubbish is refused.*\n {4}hint:/,
    );
    assert.equal(code, 1);
    const log = await lab.kubectl(EAST, 'logs', '-n', 'istio-system', 'deployment/istiod');
    for (const [cluster] of BROKEN) assert.match(log, new RegExp(`"cluster":"${cluster}"`));
    assert.equal((await callFrom(lab, EAST, 'http://service.us-west/'))[0]?.cluster, WEST);
  });

  test('a cluster that nobody answers for does not hold up a control plane that starts', async () => {
    const { lab } = get();
    await lab.kubectl(EAST, 'rollout', 'restart', '-n', 'istio-system', 'deployment/istiod');
    await lab.kubectl(EAST, 'rollout', 'status', '-n', 'istio-system', 'deployment/istiod', '--timeout=60s');
    await lab.eventually('us-west is read by the new one', async () => {
      const found = (await members(lab)).filter(({ name }) => name === WEST);
      assert.deepEqual(
        found.map(({ status }) => status),
        ['synced'],
      );
    });
    const names = BROKEN.map(([cluster]) => `remote-${cluster}`);
    await lab.kubectl(EAST, 'delete', 'secret', '-n', 'istio-system', ...names);
    await lab.eventually('they are gone', async () => {
      assert.deepEqual(
        (await members(lab)).map(({ name }) => name),
        [WEST],
      );
    });
  });
}

export function rotatedTokenTests(get: () => TwoRegions): void {
  test('a new token takes the place of the old one, and no endpoint goes meanwhile', async () => {
    const { lab } = get();
    const endpoints = async (): Promise<number> => {
      const args = ['proxy-config', 'endpoints', 'deployment/service', '--cluster', 'outbound|80||service.us-west'];
      return (await istioctl(lab, ...args, '--context', EAST)).match(/\sHEALTHY\s/g)?.length ?? 0;
    };
    assert.equal(await endpoints(), 3);
    // Kubernetes makes the same token again for a Secret of the same name; one that ends is another each time.
    await letRead(lab, EAST, WEST, '--duration=1h');
    await lab.eventually('it is read by the new one', async () => {
      assert.equal(await endpoints(), 3);
      const log = await lab.kubectl(EAST, 'logs', '-n', 'istio-system', 'deployment/istiod', '--tail=200');
      assert.match(log, /"cluster":"us-west".*a remote cluster is read by other credentials/);
      assert.deepEqual(
        (await members(lab)).map(({ status }) => status),
        ['synced'],
      );
    });
    await lab.kubectl(WEST, 'delete', 'secret', '-n', 'istio-system', OLD_TOKEN);
    await lab.kubectl(WEST, 'scale', 'deployment/service-v2', '--replicas=2');
    await lab.eventually('it hears of new pods', async () => assert.equal(await endpoints(), 4));
    await lab.kubectl(WEST, 'scale', 'deployment/service-v2', '--replicas=1');
    await lab.eventually('and of those that went', async () => assert.equal(await endpoints(), 3));
  });
}
