import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EAST, istioctl, REGIONS } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

interface CheckOutput {
  readonly success: boolean;
  readonly categories: readonly { readonly checks: readonly { readonly id: string; readonly result: string }[] }[];
}

export function checkTests(get: () => TwoRegions): void {
  test('pelagos check: all is well in both', async () => {
    const { lab } = get();
    for (const cluster of REGIONS) {
      const { stdout, code } = await lab.run('pelagos', ['check', '--context', cluster, '-o', 'json']);
      const { success, categories } = JSON.parse(stdout) as CheckOutput;
      const others = categories.flatMap(({ checks }) => checks).filter(({ result }) => result !== 'ok');
      assert.deepEqual([code, success, others], [0, true, []], cluster);
    }
  });

  test('pelagos check: what is broken is said, with a hint', async () => {
    const { lab } = get();
    const replicas = (count: number): Promise<string> =>
      lab.kubectl(EAST, 'scale', '-n', 'istio-system', 'deployment/istio-ingressgateway', `--replicas=${count}`);
    await replicas(0);
    await lab.eventually('it is seen', async () => {
      const { stdout, code } = await lab.run('pelagos', ['check', '--context', EAST]);
      assert.match(stdout, /[✘‼] gateways have a pod that is ready\n {4}.*istio-ingressgateway.*\n {4}hint: /);
      assert.equal(code, 1);
    });
    await replicas(1);
    await istioctl(lab, 'version', '--context', EAST);
    assert.match(await lab.run('pelagos', ['check', '--wait', '--context', EAST]).then(({ stdout }) => stdout), /✔\n$/);
  });

  test('pelagos connectivity: every pair, by name, TCP, HTTP and mTLS', async () => {
    const { stdout, stderr, code } = await get().lab.run('pelagos', ['connectivity', '--context', EAST]);
    assert.equal(code, 0, `${stdout}\n${stderr}`);
    for (const from of REGIONS) {
      for (const to of REGIONS) {
        const line = new RegExp(
          `^${from}\\s+${to}(\\s+✔){4}\\s+spiffe://cluster.local/ns/default/sa/default\\s+\\S+ ms$`,
          'm',
        );
        assert.match(stdout, line);
      }
    }
  });
}
