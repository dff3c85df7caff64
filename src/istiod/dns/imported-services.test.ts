import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importSteps, settledSteps, wantedSince } from './imported-services.ts';

const service = (name: string, port = 80) => ({
  namespace: 'default',
  name,
  ports: [{ name: 'http', port, protocol: 'TCP' as const }],
});

test('what is missing is made, what differs is changed, what is not wanted goes, the rest stays', () => {
  const steps = importSteps(
    [service('new'), service('changed', 81), service('same')],
    [service('changed'), service('same'), service('old')],
    true,
  );
  assert.deepEqual(
    steps.map(({ kind, service: { name } }) => [kind, name]),
    [
      ['create', 'new'],
      ['update', 'changed'],
      ['remove', 'old'],
    ],
  );
});

test('nothing goes while some member is not read', () => {
  assert.deepEqual(importSteps([], [service('old')], false), []);
});

test('a name is made only when it has been missing for a while, so that a roll-out to several clusters meets no stand-in', () => {
  const wanted = [service('web')];
  const made = (since: ReadonlyMap<string, number>, nowMs: number): number =>
    settledSteps(importSteps(wanted, [], true), since, nowMs).length;
  const first = wantedSince(wanted, new Map(), 1_000);
  assert.equal(made(first, 1_000), 0);
  assert.equal(made(wantedSince(wanted, first, 4_000), 4_000), 0);
  assert.equal(made(wantedSince(wanted, first, 6_000), 6_000), 1);
  // The own Service was there in between: it may only be on its way from one version to the next.
  const again = wantedSince(wanted, wantedSince([], first, 4_000), 6_000);
  assert.equal(made(again, 6_000), 0);
  const rest = importSteps([service('changed', 81)], [service('changed'), service('old')], true);
  assert.equal(settledSteps(rest, new Map(), 0).length, 2, 'changing and removing wait for nothing');
});
