import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { EAST, istioctl, manifest } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

const SERVICE = join(import.meta.dirname, '..', '..', '..', '..', 'examples', 'article', 'service.yaml');
const IN_EAST = ['--context', EAST] as const;

/** Of objects: rules, pods, manifests. */
export function objectCommandTests(get: () => TwoRegions): void {
  const run = (...args: readonly string[]): Promise<string> => istioctl(get().lab, ...args, ...IN_EAST);

  test('istioctl analyze: nothing, or what is wrong', async () => {
    const { lab } = get();
    assert.match(await run('analyze', '-A'), /No validation issues found when analyzing all namespaces/);
    await lab.apply(
      EAST,
      `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: to-nowhere, namespace: default}
spec: {hosts: [nowhere.example], http: [{route: [{destination: {host: no-such-service}}]}]}
`,
    );
    const { stdout, code } = await lab.istioctl('analyze', '-A', ...IN_EAST);
    assert.match(stdout, /VirtualService (default\/)?to-nowhere.*no-such-service/s);
    assert.notEqual(code, 0);
    await lab.kubectl(EAST, 'delete', 'virtualservice', 'to-nowhere');
  });

  test('istioctl x describe: what the mesh does with a pod', async () => {
    const { lab } = get();
    const name = '{.items[0].metadata.name}';
    const pod = await lab.kubectl(EAST, 'get', 'pods', '-l', 'app=service', '-o', `jsonpath=${name}`);
    const text = await run('x', 'describe', 'pod', pod);
    assert.match(text, new RegExp(`^Pod: ${pod}\n[\\s\\S]*^Service: service\n {3}Port: http 80/HTTP targets`, 'm'));
    assert.match(text, /Workload mTLS mode: PERMISSIVE/);
  });

  test('istioctl kube-inject: what the webhook would do, without it', async () => {
    const { lab } = get();
    const text = await manifest(SERVICE, EAST);
    const file = join(lab.env['K8S_LAB_STATE'] ?? '', '..', 'service.yaml');
    await lab.run('sh', ['-c', 'cat > "$0"', file], { input: text });
    const injected = await run('kube-inject', '-f', file);
    const path = 'initContainers[*].name} {.spec.template.spec.initContainers[1].args';
    const args = ['create', '--dry-run=client', '-f', '-', '-o', `jsonpath={.spec.template.spec.${path}}`];
    const { stdout } = await lab.run('kubectl', [...IN_EAST, ...args], { input: injected });
    assert.match(stdout, /istio-init istio-proxy/);
    const pod = 'jsonpath={.items[0].spec.initContainers[1].args}';
    const live = await lab.kubectl(EAST, 'get', 'pods', '-l', 'app=service,version=v1', '-o', pod);
    assert.ok(live.includes('sidecar~') && stdout.includes(live), 'the same bootstrap');
  });
}
