import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { contentHash } from './content-hash.ts';

/** Made by another implementation of MurmurHash3_x86_128 (Python's mmh3 5.2), over bytes `(i * 7 + length) & 255`. */
const KNOWN: readonly (readonly [length: number, hash: string])[] = [
  [0, '0000000000000000'],
  [1, 'da3dd3f084f1d1dd'],
  [3, 'aeaf995a3c1e0d17'],
  [4, '2b83889cd9730e43'],
  [5, '2cdfac5707a8ce09'],
  [8, 'cf84d99fe46756b2'],
  [9, '0a8c9324592b7533'],
  [12, '7bb004d422e216f9'],
  [13, '39898aa45a2f5a55'],
  [15, 'ea89f6f314718316'],
  [16, '05848b62478bfde8'],
  [17, '5ca12cd3ec90f18c'],
  [31, 'fb3b87a0d90052b6'],
  [32, '25e2bf68566e9993'],
  [33, '8f3737c676a2c944'],
  [1000, 'cf574538b09e1371'],
];

test('hashes are those of MurmurHash3_x86_128', () => {
  for (const [length, hash] of KNOWN) {
    const bytes = new Uint8Array(length).map((_, at) => at * 7 + length);
    assert.equal(contentHash(bytes), hash, `${length} bytes`);
  }
});

test('only the bytes count, not where they lie in memory', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(20), (bytes, offset) => {
      const shifted = new Uint8Array(offset + bytes.length + 3).fill(255);
      shifted.set(bytes, offset);
      assert.equal(contentHash(shifted.subarray(offset, offset + bytes.length)), contentHash(bytes));
    }),
  );
});

test('one changed bit changes the hash', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 200 }), fc.nat(), (bytes, position) => {
      const other = Uint8Array.from(bytes);
      const at = position % bytes.length;
      other[at] = (other[at] ?? 0) ^ 1;
      assert.notEqual(contentHash(other), contentHash(bytes));
    }),
  );
});
