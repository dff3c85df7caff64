/** An Envoy that ends whenever it is started: seen, started less and less often, and back when its trouble is over. */
import assert from 'node:assert/strict';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { PodStatus } from '../../src/embedded/fleet-api.ts';
import { findEnvoy } from '../../src/proxies/index.ts';
import { assertAllOk, countBy } from './harness/answer.ts';
import { describeResult } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { envoysOf, signal } from './harness/processes.ts';
import { TestFleet } from './harness/test-fleet.ts';

const OWNER = 'deployment/service-v2';
const WORDS = 'no room on this machine';

describe('a crash-looping Envoy', () => {
  const fleet = new TestFleet({ example: 'two-clusters' });
  /** As long as this file is there, no Envoy of cluster2's version v2 starts. */
  const trouble = join(fleet.root, 'trouble');
  const envoy = join(fleet.root, 'envoy');
  const endNow = (): void => fleet.endNow();

  before(async () => {
    process.once('exit', endNow);
    const real = await findEnvoy();
    assert.equal(real.kind, 'found');
    const path = real.kind === 'found' ? real.path : '';
    const script = `#!/bin/sh
case "$*" in
*service-v2*CLUSTER_ID*cluster2*) if test -e '${trouble}'; then echo '${WORDS}' >&2; exit 3; fi ;;
esac
exec '${path}' "$@"
`;
    writeFileSync(envoy, script);
    chmodSync(envoy, 0o755);
    await fleet.up('--envoy', envoy);
  });
  after(() => {
    process.off('exit', endNow);
    endNow();
  });

  async function pod(): Promise<PodStatus> {
    const [found] = await fleet.pods('cluster2', OWNER);
    assert.ok(found);
    return found;
  }

  test('status says which, why, how often, and what it said', async () => {
    const { name } = await pod();
    writeFileSync(trouble, '');
    for (const { pid } of envoysOf(fleet.root, name)) signal(pid, 'SIGKILL');
    await eventually('a third restart', async () => (await pod()).restarts >= 3);
    const { phase, ready, containers, reason } = await eventually('a wait for the next start', async () => {
      const seen = await pod();
      return seen.phase === 'CrashLoopBackOff' && seen;
    });
    assert.deepEqual(
      { phase, ready, containers, reason },
      {
        phase: 'CrashLoopBackOff',
        ready: false,
        containers: { ready: 1, total: 2 },
        reason: 'istio-proxy: Envoy ended: exit code 3',
      },
    );
    const { diagnostics } = await fleet.status();
    assert.deepEqual(
      diagnostics.map(({ code, object }) => [code, object?.cluster, object?.kind, object?.name]),
      [['PEL5003', 'cluster2', 'Pod', name]],
    );
    const table = await fleet.run(['status']);
    assert.equal(table.code, 1, describeResult(['status'], table));
    assert.match(
      table.stdout,
      new RegExp(`✗ .*${name} +1/2 +\\d+ +CrashLoopBackOff: istio-proxy: Envoy ended: exit code 3`),
    );
    assert.match(table.stdout, new RegExp(`error PEL5003 [^]*, whose last lines are:\n +${WORDS}\n`));
  });

  test('each wait is longer than the one before, and its log says so', async () => {
    const log = await fleet.ok(['logs', '--context', 'cluster2', OWNER, '-c', 'istio-proxy']);
    const waits = [...log.matchAll(/ended \((.+); it is started again in (\d+) ms\)/g)].map(([, , ms]) => Number(ms));
    assert.deepEqual(waits.slice(0, 4), [100, 1_000, 2_000, 4_000]);
    assert.ok(log.includes(WORDS));
  });

  test('everything else goes on meanwhile', async () => {
    const answers = await fleet.call({ cluster: 'cluster1' }, { url: 'http://service.cluster2', count: 30 });
    assertAllOk(answers);
    assert.deepEqual(Object.keys(countBy(answers, 'version')), ['v1']);
  });

  test('it is back by itself when its trouble is over', async () => {
    rmSync(trouble);
    await fleet.ready();
    assert.deepEqual((await fleet.status()).diagnostics, []);
    await eventually('answers of both versions', async () => {
      const answers = await fleet.call({ cluster: 'cluster1' }, { url: 'http://service.cluster2', count: 30 });
      return Object.keys(countBy(answers, 'version')).length === 2;
    });
    await fleet.end();
  });
});
