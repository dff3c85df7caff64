import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  derBitString,
  derBoolean,
  derOctetString,
  derOid,
  derSequence,
  derTime,
  derUnsigned,
  derUtf8,
  readDer,
} from './der.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('values have their canonical encoding (X.690)', () => {
  assert.equal(hex(derBoolean(true)), '0101ff');
  assert.equal(hex(derUnsigned(Uint8Array.of())), '020100');
  assert.equal(hex(derUnsigned(Uint8Array.of(0, 0, 0x7f))), '02017f');
  assert.equal(hex(derUnsigned(Uint8Array.of(0x80))), '02020080');
  assert.equal(hex(derOid('1.2.840.10045.4.3.2')), '06082a8648ce3d040302');
  assert.equal(hex(derOid('2.5.29.17')), '0603551d11');
  assert.equal(hex(derOid('2.999.1')), '0603883701');
  assert.equal(hex(derUtf8('é')), '0c02c3a9');
  assert.equal(hex(derBitString(Uint8Array.of(0x80), 7)), '03020780');
  assert.equal(hex(derSequence()), '3000');
});

test('lengths take the fewest bytes', () => {
  assert.equal(hex(derOctetString(new Uint8Array(127)).subarray(0, 2)), '047f');
  assert.equal(hex(derOctetString(new Uint8Array(128)).subarray(0, 3)), '048180');
  assert.equal(hex(derOctetString(new Uint8Array(256)).subarray(0, 4)), '04820100');
  assert.equal(hex(derOctetString(new Uint8Array(70_000)).subarray(0, 5)), '0483011170');
});

test('times change their form with the year 2050 (RFC 5280, 4.1.2.5)', () => {
  assert.equal(
    Buffer.from(derTime(Date.UTC(2049, 11, 31, 23, 59, 59, 999))).toString('latin1'),
    '\x17\x0d491231235959Z',
  );
  assert.equal(Buffer.from(derTime(Date.UTC(2050, 0, 1))).toString('latin1'), '\x18\x0f20500101000000Z');
});

test('what is written is read back, and broken lengths are refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (values) => {
      const [sequence, ...rest] = readDer(derSequence(...values.map((value) => derOctetString(value))));
      assert.equal(rest.length, 0);
      assert.deepEqual(
        readDer(sequence?.contents ?? new Uint8Array()).map((element) => hex(element.contents)),
        values.map(hex),
      );
    }),
  );
  assert.throws(() => readDer(Uint8Array.of(0x30, 0x05, 0x00)), RangeError);
  assert.throws(() => readDer(Uint8Array.of(0x30, 0x85, 1, 1, 1, 1, 1)), RangeError);
});
