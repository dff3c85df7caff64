/** What the control plane of the pods says, with another one beside it, and without any. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAST, INSTALL, OUR_IMAGE } from '../../harness/two-regions.ts';
import { CANARY, pod } from './manifests.ts';
import { BY_CLIENT, CLIENT, type PodLab } from './pod-lab.ts';

export function controlPlaneTests(get: () => PodLab): void {
  test('a name of the mesh that nobody has is said not to be, at once', async () => {
    const ask = (name: string) => get().calls.exec(CLIENT, 'timeout', '4', 'getent', 'hosts', name);
    assert.match((await ask(`web.shop.${EAST}`)).stdout, /^\d/);
    for (const name of [`no-such.shop.${EAST}`, `no-such.${EAST}`, 'no-such.shop'])
      assert.equal((await ask(name)).code, 2, name);
  });

  test('REGISTRY_ONLY, said to the installed mesh: nobody outside is called but by a pod that leaves the port out', async () => {
    await get().istioctl(...INSTALL, '--set', 'meshConfig.outboundTrafficPolicy.mode=REGISTRY_ONLY');
    await get().lab.eventually('the way out is closed', async () => {
      const [known = '', other = ''] = get().outsideUrls;
      assert.equal((await get().calls.http(CLIENT, known)).status, 502);
      assert.equal((await get().calls.http(CLIENT, other)).status, 0, 'nobody knows that it is HTTP');
    });
    assert.equal((await get().calls.http('shop/deployment/apart', get().outsideUrls[1] ?? '')).body, 'outside');
    assert.equal((await get().calls.http(CLIENT, 'http://web/')).status, 200);
  });

  test('a second control plane, by its revision, serves its namespaces in the same mesh, and goes again', async () => {
    const canary = ['--revision', 'canary', '-y'];
    await get().istioctl('install', '--set', 'profile=minimal', ...canary, ...OUR_IMAGE);
    await get().apply(...CANARY);
    await get().rolledOut('canary', 'deployment/bird');
    const { metadata, spec } = await get().podOf('canary', 'bird');
    assert.equal(metadata.annotations?.['istio.io/rev'], 'canary');
    assert.match(spec.initContainers?.[1]?.args?.join(' ') ?? '', /istiod-canary\.istio-system\.svc/);
    const identity = 'spiffe://cluster.local/ns/canary/sa/bird';
    assert.equal((await get().calls.http('canary/deployment/bird', 'http://web.shop/')).app?.caller, identity);
    assert.equal((await get().calls.http(CLIENT, 'http://bird.canary/')).app?.caller, BY_CLIENT);
    await get().kubectl('delete', 'namespace', 'canary', '--wait=false');
    await get().istioctl('uninstall', ...canary);
    assert.equal((await get().asked(pod({ name: 'x', namespace: 'shop' }))).spec.initContainers?.length, 2);
  });

  test('without a control plane, pods that are to have a proxy are refused, and all others go on', async () => {
    await get().kubectl('scale', '-n', 'istio-system', 'deployment/istiod', '--replicas=0');
    await get().kubectl('wait', '-n', 'istio-system', '--for=delete', 'pod', '-l', 'app=istiod', '--timeout=60s');
    await assert.rejects(
      get().asked(pod({ name: 'x', namespace: 'shop' })),
      /failed calling webhook "namespace.sidecar-injector.istio.io"/,
    );
    for (const other of [
      { name: 'x', namespace: 'legacy' },
      { name: 'x', namespace: 'shop', labels: { 'sidecar.istio.io/inject': 'false' } },
    ])
      assert.equal((await get().asked(pod(other))).spec.initContainers, undefined);
    assert.equal((await get().calls.http(CLIENT, 'http://web/')).status, 200);
    await get().kubectl('scale', '-n', 'istio-system', 'deployment/istiod', '--replicas=1');
    await get().rolledOut('istio-system', 'deployment/istiod');
    await get().lab.eventually('pods get proxies again', async () => {
      assert.equal((await get().asked(pod({ name: 'x', namespace: 'shop' }))).spec.initContainers?.length, 2);
    });
  });
}
