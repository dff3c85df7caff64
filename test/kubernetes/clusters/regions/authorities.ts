import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificatesOf } from '../../harness/secrets-of.ts';
import { EAST, REGIONS, WEST } from '../../harness/two-regions.ts';
import type { TwoRegions } from '../regions.test.ts';

/** A new root is handed out for two minutes before its key signs. */
const SIGNED_TIMEOUT_MS = 180_000;

export function authorityTests(get: () => TwoRegions): void {
  test('an authority that was brought signs; one that is brought later takes over; no request is lost', async () => {
    const { lab, loads } = get();
    const east = await certificatesOf(lab, EAST, 'deployment/service');
    assert.match(east.chain[0]?.issuer ?? '', /CN=East CA/);
    await lab.eventually(
      'the certificates of us-west are of its new authority',
      async () => {
        const west = await certificatesOf(lab, WEST, 'deployment/service');
        assert.match(west.chain[0]?.issuer ?? '', /CN=West CA$/);
      },
      SIGNED_TIMEOUT_MS,
    );
    for (const cluster of REGIONS) {
      const { roots } = await certificatesOf(lab, cluster, 'deployment/service');
      const names = roots.map(({ subject }) => /CN=(.*)/.exec(subject)?.[1] ?? '');
      assert.ok(names.includes('East CA Root') && names.includes('West CA Root'), `${cluster} believes ${names}`);
    }
    // Some more of them, with the new certificates.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    for (const load of loads) {
      const { sent, lost } = await load.stop();
      assert.deepEqual(lost, []);
      assert.ok(sent > 100, `${sent} requests`);
    }
  });
}
