import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { structuralEqual } from './structural-equal.ts';

test('JSON values are equal exactly when node says so', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (a, b) => {
      assert.equal(structuralEqual(a, b), isDeepStrictEqual(a, b));
      assert(structuralEqual(a, structuredClone(a)));
    }),
  );
});

test('one changed leaf makes a difference', () => {
  const make = (port: number) => ({
    name: 'reviews',
    ports: [{ port, tls: undefined }],
    bytes: new Uint8Array([1, 2]),
  });
  assert(structuralEqual(make(80), make(80)));
  assert(!structuralEqual(make(80), make(81)));
});

const cases: readonly [name: string, a: unknown, b: unknown, expected: boolean][] = [
  ['NaN is NaN', Number.NaN, Number.NaN, true],
  ['0 is not -0', 0, -0, false],
  ['equal bigints', 5n, 5n, true],
  ['null is not an object', null, {}, false],
  ['a list is not an object', [], {}, false],
  ['an object is not a list', {}, [], false],
  ['an undefined field is not a missing one', { a: undefined }, {}, false],
  ['an undefined field is not another field', { a: undefined }, { b: undefined }, false],
  ['order of fields does not matter', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
  ['an inherited field is not an own one', { toString: undefined }, { x: 1 }, false],
  ['objects without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
  ['equal bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
  ['a Buffer is bytes too', Buffer.from([1, 2]), new Uint8Array([1, 2]), true],
  ['other bytes', new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
  ['fewer bytes', new Uint8Array([1, 2]), new Uint8Array([1]), false],
  ['bytes are not a list of numbers', new Uint8Array([1]), [1], false],
  ['equal maps', new Map([['a', [1]]]), new Map([['a', [1]]]), true],
  ['maps with other values', new Map([['a', [1]]]), new Map([['a', [2]]]), false],
  ['equal sets', new Set(['a', 'b']), new Set(['a', 'b']), true],
  ['sets that iterate in another order', new Set(['a', 'b']), new Set(['b', 'a']), false],
  ['a map is not a set', new Map(), new Set(), false],
  ['instances equal only themselves', new Date(0), new Date(0), false],
  ['functions equal only themselves', () => 1, () => 1, false],
];

for (const [name, a, b, expected] of cases) {
  test(name, () => {
    assert.equal(structuralEqual(a, b), expected);
    assert.equal(structuralEqual(b, a), expected);
  });
}
