import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClusterId } from '../../model/index.ts';
import type { SourceBatch } from '../config-source.ts';
import { MemorySource } from './memory-source.ts';

test('objects set before and after the start are given, and deleted ones taken back', async () => {
  const batches: SourceBatch[] = [];
  const source = new MemorySource('c1' as ClusterId);
  source.apply('{apiVersion: v1, kind: Service, metadata: {name: a}}');
  await source.start({ apply: (batch) => batches.push(batch) });
  assert.deepEqual(
    source.apply('kind: x', 'b.yaml').map(({ code }) => code),
    ['PEL1005'],
  );
  source.apply('{apiVersion: v1, kind: Service, metadata: {name: b}}', 'b.yaml');
  const [a] = batches[0]?.set ?? [];
  assert.ok(a);
  source.delete(a.ref);
  source.delete(a.ref);
  await source.stop();
  source.set(a);
  assert.deepEqual(
    batches.map(({ set, deleted, diagnostics }) => [
      set.map(({ ref }) => ref.name),
      deleted.map(({ name }) => name),
      diagnostics.map((each) => each.diagnostics.length),
    ]),
    [
      [['a'], [], [0]],
      [[], [], [1]],
      [['b'], [], [0]],
      [[], ['a'], []],
    ],
  );
});
