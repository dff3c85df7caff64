import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { ClusterId } from '../../model/index.ts';
import { RemoteClusters } from './remote-clusters.ts';

interface World {
  readonly remotes: RemoteClusters;
  /** What became of members: `join cluster2`. */
  readonly steps: string[];
  readonly warnings: string[];
  clock: number;
}

function world(t: TestContext): World {
  const steps: string[] = [];
  const warnings: string[] = [];
  const step =
    (kind: string) =>
    (cluster: ClusterId, api: { readonly url: string; close(): void }): never => {
      steps.push(`${kind} ${cluster}`);
      const leave = async (): Promise<void> => void steps.push(`leave ${cluster}`);
      return { api, leave, release: () => api.close() } as never;
    };
  const log = pino(
    { level: 'warn' },
    { write: (line: string) => void warnings.push(String((JSON.parse(line) as { msg: unknown }).msg)) },
  );
  const made: World = {
    steps,
    warnings,
    clock: 1,
    remotes: new RemoteClusters({
      home: 'cluster1' as ClusterId,
      join: step('join'),
      rejoin: step('rejoin'),
      mark: (cluster, contact) => void steps.push(`${contact} ${cluster}`),
      lostAfterMs: 60_000,
      now: () => made.clock,
      log,
    }),
  };
  t.after(() => made.remotes.stop());
  return made;
}

function kubeconfig(user: object): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'c',
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'c' } }],
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'c', user }],
  });
}

const GOOD = kubeconfig({ token: 'one' });
const PLUGIN = kubeconfig({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch' } });

test('a secret that cannot be used is told once, and since when', async (t) => {
  const { remotes, warnings, steps } = world(t);
  const secret = { cluster2: PLUGIN, cluster1: GOOD, 'no.label': GOOD };
  const all = new Map<string, Readonly<Record<string, string>>>([['istio-system/a', secret]]);
  await remotes.apply(all);
  assert.deepEqual(
    remotes.list().map(({ cluster, state, sinceMs }) => [cluster, state, sinceMs]),
    [
      ['cluster1', 'refused', 1],
      ['cluster2', 'refused', 1],
      ['no.label', 'refused', 1],
    ],
  );
  assert.equal(warnings.length, 3);
  await remotes.apply(new Map([...all, ['istio-system/b', { cluster3: GOOD }]]));
  assert.equal(warnings.length, 3);
  assert.deepEqual(steps, ['join cluster3']);
});

test('it is told anew when it is refused for another reason, and after it was good', async (t) => {
  const made = world(t);
  const { remotes, warnings } = made;
  const put = async (text: string): Promise<void> => {
    made.clock += 1;
    await remotes.apply(new Map([['istio-system/a', { cluster2: text }]]));
  };
  await put(PLUGIN);
  await put('rubbish: [');
  assert.deepEqual([warnings.length, remotes.list()[0]?.sinceMs], [2, 3]);
  await put(GOOD);
  await put('rubbish: [');
  assert.equal(warnings.length, 3);
});

test('other credentials are taken up without leaving; rubbish in their place takes nothing away', async (t) => {
  const { remotes, steps } = world(t);
  const put = (text: string): Promise<void> => remotes.apply(new Map([['istio-system/a', { cluster2: text }]]));
  await put(GOOD);
  await put(kubeconfig({ token: 'two' }));
  await put('rubbish: [');
  assert.deepEqual(steps, ['join cluster2', 'rejoin cluster2']);
  assert.deepEqual(
    remotes.list().map(({ state }) => state),
    ['syncing', 'refused'],
  );
  await remotes.apply(new Map());
  assert.deepEqual(steps.slice(2), ['leave cluster2']);
});
