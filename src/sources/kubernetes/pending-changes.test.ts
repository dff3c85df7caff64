import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { ClusterId, RawObject } from '../../model/index.ts';
import type { SourceBatch } from '../config-source.ts';
import { PendingChanges } from './pending-changes.ts';

function object(name: string, version = '1'): RawObject {
  return {
    ref: { cluster: 'c' as ClusterId, kind: 'Pod', namespace: 'default', name },
    apiVersion: 'v1',
    meta: { name, namespace: 'default', labels: {}, annotations: {}, createdAtMs: 0 },
    body: {},
    origin: { kind: 'kubernetes', resourceVersion: version },
  };
}

function stand(): { readonly changes: PendingChanges; readonly batches: SourceBatch[] } {
  const batches: SourceBatch[] = [];
  return { changes: new PendingChanges({ apply: (batch) => void batches.push(batch) }), batches };
}

test('all that comes before the opening is one batch, whatever its size', async () => {
  const { changes, batches } = stand();
  for (let index = 0; index < 5_000; index++) changes.set(object(`pod-${index}`));
  await changes.room();
  await turn();
  assert.equal(batches.length, 0);
  changes.open();
  assert.deepEqual(
    batches.map(({ set }) => set.length),
    [5_000],
  );
});

test('a source with nothing to tell gives an empty first batch', () => {
  const { changes, batches } = stand();
  changes.open();
  assert.deepEqual(batches, [{ set: [], deleted: [], diagnostics: [] }]);
});

test('of what changes within a turn only the newest is told', async () => {
  const { changes, batches } = stand();
  changes.open();
  for (let version = 1; version <= 100; version++) changes.set(object('a', String(version)));
  changes.set(object('b'));
  changes.delete(object('b').ref);
  await turn();
  const [, batch] = batches;
  assert.deepEqual(
    batch?.set.map(({ origin }) => origin),
    [{ kind: 'kubernetes', resourceVersion: '100' }],
  );
  assert.deepEqual(batch?.deleted, [object('b').ref]);
});

test('a burst is told in portions, with turns for others between, and who brings more waits', async () => {
  const { changes, batches } = stand();
  changes.open();
  for (let index = 0; index < 6_000; index++) changes.set(object(`pod-${index}`));
  let hasRoom = false;
  const waiting = changes.room().then(() => {
    hasRoom = true;
  });
  await turn();
  assert.equal(batches.length, 2);
  assert.equal(batches[1]?.set.length, 256);
  assert.equal(hasRoom, false);
  await waiting;
  while (batches.flatMap(({ set }) => set).length < 6_000) await turn();
  assert.ok(batches.every(({ set }) => set.length <= 256));
});

test('after the closing nothing is told, and nobody waits', async () => {
  const { changes, batches } = stand();
  changes.open();
  for (let index = 0; index < 6_000; index++) changes.set(object(`pod-${index}`));
  const waiting = changes.room();
  changes.close();
  await waiting;
  changes.set(object('late'));
  await turn();
  assert.equal(batches.length, 1);
});
