import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findBlame } from './blame.ts';
import { CDS, LDS, RDS } from './xds-type.ts';

test('a response with one resource leaves no doubt', () => {
  assert.deepEqual(findBlame(RDS, ['a'], 'whatever'), { kind: 'certain', names: ['a'] });
});

test('clusters and listeners that Envoy lists are certain, and names within names are not', () => {
  const text =
    'Error adding/updating cluster(s) outbound|80||a.b: LOGICAL_DNS clusters must have a single endpoint, c: no 80||a';
  assert.deepEqual(findBlame(CDS, ['a', 'a.b', 'c', 'outbound|80||a.b', '80||a'], text), {
    kind: 'certain',
    names: ['c', 'outbound|80||a.b'],
  });
  const single = 'Error adding/updating cluster a - a: LOGICAL_DNS clusters must have a single endpoint';
  assert.deepEqual(findBlame(CDS, ['a', 'b'], single), { kind: 'certain', names: ['a'] });
  const listeners = "Error adding/updating listener(s) x: duplicate address as 'z'\ny: duplicate address as 'z'\n";
  assert.deepEqual(findBlame(LDS, ['x', 'y', 'z'], listeners), { kind: 'certain', names: ['x', 'y'] });
});

test('a name that is only mentioned is suspected: the others are tried first', () => {
  const text = "route: unknown weighted cluster in 'out.b'. Check it";
  assert.deepEqual(findBlame(RDS, ['a', 'out.b', 'out', 'c'], text), {
    kind: 'parts',
    parts: [['a', 'out', 'c'], ['out.b']],
  });
});

test('where nothing or everything is named, the response is halved', () => {
  const halves = { kind: 'parts', parts: [['a', 'b'], ['c']] };
  assert.deepEqual(findBlame(CDS, ['a', 'b', 'c'], 'Proto constraint validation failed'), halves);
  assert.deepEqual(findBlame(CDS, ['a', 'b', 'c'], 'a b c'), halves);
});
