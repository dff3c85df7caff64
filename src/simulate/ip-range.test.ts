import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { coverage, inAnyRange, isLoopback, isWildcardAddress, parseIp } from './ip-range.ts';

test('addresses are read in all their spellings', () => {
  assert.deepEqual(parseIp('10.0.0.1'), { bits: 32, value: 0x0a000001n });
  assert.deepEqual(parseIp('::1'), { bits: 128, value: 1n });
  assert.deepEqual(parseIp('2001:db8::'), { bits: 128, value: 0x20010db8n << 96n });
  assert.deepEqual(parseIp('::ffff:10.0.0.1'), { bits: 128, value: 0xffff0a000001n });
  for (const text of ['', '10.0.0', '10.0.0.256', '1::2::3', 'a.b.c.d', '1:2:3:4:5:6:7', '12345::']) {
    assert.equal(parseIp(text), undefined, text);
  }
});

test('an address is in its own range of any length and never in one of the other family', () => {
  const octet = fc.integer({ min: 0, max: 255 });
  fc.assert(
    fc.property(octet, octet, fc.integer({ min: 0, max: 32 }), (first, last, length) => {
      const text = `${first}.20.30.${last}`;
      const address = parseIp(text);
      assert.ok(address);
      assert.equal(coverage({ addressPrefix: text, prefixLen: length }, address), length);
      assert.equal(coverage({ addressPrefix: '::', prefixLen: 0 }, address), undefined);
    }),
  );
});

test('ranges end where they say', () => {
  const range = { addressPrefix: '10.1.0.0', prefixLen: 16 };
  assert.ok(inAnyRange([range], '10.1.255.255'));
  assert.ok(!inAnyRange([range], '10.2.0.0'));
  assert.ok(!inAnyRange([range], 'a-name.example'));
  assert.ok(isLoopback('127.0.0.1') && isLoopback('::1') && !isLoopback('127.0.0.2') && !isLoopback('name'));
  assert.ok(isWildcardAddress('0.0.0.0') && isWildcardAddress('::') && !isWildcardAddress('0.0.0.1'));
});
