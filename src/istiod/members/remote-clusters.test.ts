import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import type { ClusterId } from '../../model/index.ts';
import { type MemberState, RemoteClusters } from './remote-clusters.ts';

interface World {
  readonly remotes: RemoteClusters;
  /** What became of members: `join cluster2`. */
  readonly steps: string[];
  readonly warnings: string[];
  clock: number;
  /** What the source of the member that was joined last says of itself. */
  tell(state: MemberState): Promise<void>;
}

function world(t: TestContext): World {
  const steps: string[] = [];
  const warnings: string[] = [];
  let onState: (state: MemberState) => void = () => undefined;
  const step =
    (kind: string) =>
    (cluster: ClusterId, api: { close(): void }, told: (state: MemberState) => void): never => {
      steps.push(`${kind} ${cluster}`);
      onState = told;
      const leave = async (): Promise<void> => {
        steps.push(`leave ${cluster}`);
        if (cluster === 'stubborn') throw new Error('it goes on');
      };
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
    tell: async (state) => {
      onState(state);
      await Promise.resolve();
    },
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

const SYNCED = { kind: 'synced', error: '', isAway: false } as const;
const NO_ANSWER = { kind: 'syncing', error: 'no answer', isAway: true } as const;

test('credentials that do not work leave a cluster that was read out of reach: stale, then lost', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { remotes, steps, tell } = world(t);
  const put = (token: string): Promise<void> =>
    remotes.apply(new Map([['istio-system/a', { cluster2: kubeconfig({ token }) }]]));
  const state = (): string | undefined => remotes.list()[0]?.state;
  await put('one');
  await tell(SYNCED);
  await put('two');
  assert.deepEqual([state(), remotes.isComplete()], ['syncing', false]);
  await tell(NO_ANSWER);
  assert.deepEqual([state(), remotes.isComplete()], ['stale', true]);
  t.mock.timers.tick(59_000);
  await put('three');
  await tell(NO_ANSWER);
  t.mock.timers.tick(1_000);
  assert.equal(state(), 'lost');
  await put('four');
  await tell(NO_ANSWER);
  assert.equal(state(), 'lost');
  await tell(SYNCED);
  assert.equal(state(), 'synced');
  const marks = steps.filter((step) => !step.includes('join'));
  assert.deepEqual(marks, ['live cluster2', 'stale cluster2', 'lost cluster2', 'live cluster2']);
});

test('one that was never read is waited for, and why is told', async (t) => {
  const { remotes, steps, warnings, tell } = world(t);
  await remotes.apply(new Map([['istio-system/a', { cluster2: GOOD }]]));
  await tell(NO_ANSWER);
  await tell(NO_ANSWER);
  assert.deepEqual([remotes.list()[0]?.state, remotes.isComplete()], ['syncing', false]);
  assert.deepEqual(warnings, ['a remote cluster cannot be read yet']);
  assert.deepEqual(steps, ['join cluster2']);
});

test('one that does not end in order keeps no other from coming and going', async (t) => {
  const { remotes, steps } = world(t);
  await remotes.apply(new Map([['istio-system/a', { stubborn: GOOD, cluster3: GOOD }]]));
  await remotes.apply(new Map([['istio-system/a', { cluster2: GOOD }]]));
  await remotes.apply(new Map());
  const all = ['join stubborn', 'join cluster3', 'leave stubborn', 'leave cluster3', 'join cluster2', 'leave cluster2'];
  assert.deepEqual(steps, all);
});

test('the secret that is named is the one that holds the credentials now', async (t) => {
  const { remotes, steps } = world(t);
  await remotes.apply(new Map([['istio-system/a', { cluster2: GOOD }]]));
  await remotes.apply(new Map([['istio-system/b', { cluster2: GOOD }]]));
  assert.deepEqual([remotes.list()[0]?.secret, steps], ['istio-system/b', ['join cluster2']]);
});
