import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetiringRoots } from './retiring-roots.ts';

test('a root that was replaced is believed until its time is over', () => {
  const roots = new RetiringRoots({ overlapMs: 100, limit: 8 });
  roots.set(['a'], 0);
  roots.set(['b'], 10);
  assert.deepEqual(roots.at(109), ['b', 'a']);
  assert.equal(roots.nextEndMs(109), 110);
  assert.deepEqual(roots.at(110), ['b']);
  assert.equal(roots.nextEndMs(110), undefined);
});

test('one that comes back is one of now', () => {
  const roots = new RetiringRoots({ overlapMs: 100, limit: 8 });
  roots.set(['a', 'a'], 0);
  roots.set(['b'], 10);
  roots.set(['a'], 20);
  assert.deepEqual(roots.at(30), ['a', 'b']);
  assert.deepEqual(roots.at(1_000), ['a']);
});

test('over the limit those of now stay, and of the others the youngest', () => {
  const roots = new RetiringRoots({ overlapMs: 100, limit: 3 });
  for (const [atMs, root] of ['a', 'b', 'c', 'd'].entries()) roots.set([root], atMs);
  assert.deepEqual(roots.at(5), ['d', 'c', 'b']);
});
