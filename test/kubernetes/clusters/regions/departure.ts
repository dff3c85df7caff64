import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lab } from '../../harness/lab.ts';
import { INSTALL, istioctl, OUR_IMAGE, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const IN_WEST = ['--context', WEST] as const;

/** Everything in the cluster that a mesh may have put there, by kind and name. */
async function traces(lab: Lab): Promise<readonly string[]> {
  const list = async (...args: readonly string[]): Promise<readonly string[]> => {
    const rows = '{range .items[*]}{.kind}/{.metadata.namespace}/{.metadata.name}{"\\n"}{end}';
    const text = await lab.kubectl(WEST, 'get', ...args, '-o', `jsonpath=${rows}`);
    return text.split('\n').filter((row) => row !== '');
  };
  const kinds = 'all,configmaps,secrets,serviceaccounts,roles,rolebindings,leases,pdb,hpa,endpointslices';
  const global = 'crd,clusterroles,clusterrolebindings,mutatingwebhookconfigurations,validatingwebhookconfigurations';
  const [inSystem, everywhere, ours] = await Promise.all([
    list(kinds, '-n', 'istio-system'),
    list(`${global},configmaps,services`, '-A'),
    list(`${kinds},${global},namespaces`, '-A', '-l', 'app.kubernetes.io/managed-by=pelagos'),
  ]);
  const named = everywhere.filter((row) => /istio|pelagos|multicluster/.test(row));
  const own = /^(ConfigMap\/istio-system\/kube-root-ca\.crt|ServiceAccount\/istio-system\/default)$/;
  return [...new Set([...inSystem, ...named, ...ours])].filter((row) => !own.test(row));
}

export function departureTests(get: () => TwoRegions): void {
  test('istioctl upgrade keeps what runs', async () => {
    const { lab } = get();
    const text = await istioctl(lab, 'upgrade', ...IN_WEST, ...INSTALL.slice(1));
    assert.match(text, /✔ Istiod installed \(unchanged\)[\s\S]*✔ Installation complete/);
    assert.match(await istioctl(lab, 'version', ...IN_WEST), /\(7 proxies\)/);
  });

  test('istioctl uninstall --purge leaves what people made, and names it', async () => {
    const { lab } = get();
    const { code, stdout, stderr } = await lab.istioctl('uninstall', '--purge', '-y', ...IN_WEST);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /✔ Uninstall complete/);
    const people = ['Secret/istio-system/cacerts', 'Secret/istio-system/istio-remote-secret-us-east'];
    await lab.eventually('nothing else is left', async () => {
      assert.deepEqual([...(await traces(lab))].sort(), people);
    });
    const commands = [...stderr.matchAll(/To remove it: (.*)/g)].map(([, command = '']) => command);
    assert.equal(commands.length, 3, stderr);
    for (const command of commands) assert.equal((await lab.run('sh', ['-c', command])).code, 0, command);
    assert.deepEqual(await traces(lab), []);
    const labels = await lab.kubectl(WEST, 'get', 'namespaces', 'default', 'istio-system', '--show-labels');
    assert.doesNotMatch(labels, /istio-injection|istio\.io|pelagos/);
    const corefile = await lab.kubectl(WEST, 'get', 'configmap', '-n', 'kube-system', 'coredns', '-o', 'yaml');
    assert.doesNotMatch(corefile, /pelagos|us-east/);
  });

  test('a cluster with an Istio of somebody else is left alone, and it is said how to move', async () => {
    const { lab } = get();
    const image = '--image=docker.io/istio/pilot:1.29.0';
    await lab.kubectl(WEST, 'create', 'deployment', 'istiod', '-n', 'istio-system', image);
    const { code, stderr } = await lab.istioctl('install', ...IN_WEST, ...OUR_IMAGE, '-y');
    assert.equal(code, 1);
    assert.match(stderr, /PEL8007 .*istio-system\/istiod with image docker\.io\/istio\/pilot:1\.29\.0/);
    assert.match(stderr, /do: .*--revision/);
    const precheck = await lab.istioctl('x', 'precheck', ...IN_WEST);
    assert.equal(precheck.code, 1);
    assert.match(precheck.stdout, /✘ no other Istio has the place of this one\n.*pilot:1\.29\.0\n {4}hint: /);
    const left = (await traces(lab)).filter((row) => !/\/istiod(-|$)/.test(row));
    assert.deepEqual(left, []);
  });
}
