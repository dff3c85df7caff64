import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { LeaderElection } from '../../src/istiod/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const TIMES = { leaseMs: 1_000, renewWithinMs: 600, retryMs: 100 };

describe('among replicas', { skip: withoutKubernetes() }, () => {
  let server: TestApiServer;
  before(async () => {
    server = await startApiServer();
  });
  after(() => server?.stop());

  function replica(name: string, identity: string, events: string[]): LeaderElection {
    return new LeaderElection(server.admin, {
      namespace: 'default',
      name,
      identity,
      times: TIMES,
      onElected: () => events.push(`+${identity}`),
      onLost: () => events.push(`-${identity}`),
      log: pino({ level: 'silent' }),
    });
  }

  test('one leads; when it stops another leads at once, and when it dies, after its lease has run out', async (t) => {
    const events: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((identity) => replica('one', identity, events)) as [
      LeaderElection,
      LeaderElection,
      LeaderElection,
    ];
    t.after(() => Promise.all([a, b, c].map((each) => each.stop())));
    a.start();
    await eventually('a leads', () => a.isLeader);
    b.start();
    await delay(1_500);
    assert.deepEqual(events, ['+a']);
    await a.stop();
    await eventually('b leads', () => b.isLeader, 800);
    assert.deepEqual(events, ['+a', '-a', '+b']);
    c.start();
    await delay(300);
    // The lease of one that died: nobody renews it.
    const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/one';
    await b.stop();
    await eventually('c leads', () => c.isLeader);
    const lease = await server.admin.get(path);
    await c.stop();
    const freed = await server.admin.get(path);
    await server.admin.send('PUT', path, { ...freed, spec: { ...(lease['spec'] as object), holderIdentity: 'dead' } });
    const late = replica('one', 'late', events);
    t.after(() => late.stop());
    const beganMs = performance.now();
    late.start();
    await eventually('the next one leads', () => late.isLeader);
    assert.ok(performance.now() - beganMs >= 1_000, 'not before the lease of the dead one has run out');
  });

  test('three that begin at once end with one leader', async (t) => {
    const events: string[] = [];
    const replicas = ['a', 'b', 'c'].map((identity) => replica('three', identity, events));
    t.after(() => Promise.all(replicas.map((each) => each.stop())));
    for (const each of replicas) each.start();
    await delay(800);
    assert.equal(replicas.filter(({ isLeader }) => isLeader).length, 1);
    assert.equal(events.length, 1);
  });

  test('a leader that cannot reach the API server gives up in time, and leads again later', async (t) => {
    const events: string[] = [];
    const only = replica('away', 'only', events);
    t.after(() => only.stop());
    only.start();
    await eventually('it leads', () => only.isLeader);
    server.suspend();
    await eventually('it gives up', () => events.includes('-only'), 1_500);
    server.resume();
    await eventually('it leads again', () => only.isLeader);
    assert.deepEqual(events, ['+only', '-only', '+only']);
  });
});
