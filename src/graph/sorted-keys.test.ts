import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SortedKeys, sameKeys } from './sorted-keys.ts';

test('lists are what a sorted set would give, and those handed out never change', () => {
  const step = fc.record({ key: fc.nat({ max: 120 }).map((n) => `k${n}`), isRead: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.boolean(), (steps, isFull) => {
      const keys = new SortedKeys();
      const model = new Set<string>();
      if (isFull) for (let i = 0; i < 100; i++) toggle(keys, model, `k${i}`);
      const given: [readonly string[], readonly string[]][] = [];
      for (const { key, isRead } of steps) {
        toggle(keys, model, key);
        if (!isRead) continue;
        given.push([keys.list(), [...model].sort()]);
      }
      assert.deepEqual(keys.list(), [...model].sort());
      for (const [list, expected] of given) assert.deepEqual(list, expected);
    }),
  );
});

function toggle(keys: SortedKeys, model: Set<string>, key: string): void {
  if (model.delete(key)) keys.delete(key);
  else {
    model.add(key);
    keys.add(key);
  }
}

test('many changes at once are sorted in, and a key that comes back leaves the same list', () => {
  const keys = new SortedKeys();
  for (let i = 0; i < 1_000; i++) keys.add(`k${(i * 617) % 1_000}`);
  const list = keys.list();
  assert.deepEqual(list, [...list].sort());
  keys.delete('k5');
  keys.add('k5');
  assert.equal(keys.list().length, 1_000);
  assert(sameKeys(keys.list(), list));
  assert(!sameKeys(['a', 'b'], ['a', 'c']));
  assert(!sameKeys(['a'], ['a', 'b']));
});
