import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeSubjectAltNames, parseIpAddress } from './subject-alt-name.ts';

test('addresses are read as Node reads them', () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom('0', '1', 'f', ':', '::', '.', '255', '256', '01'), maxLength: 12 }),
  );
  fc.assert(
    fc.property(text, (address) => {
      assert.equal(parseIpAddress(address)?.length ?? 0, { 0: 0, 4: 4, 6: 16 }[isIP(address)], address);
    }),
    { numRuns: 2000 },
  );
});

test('addresses have the bytes they should', () => {
  const hex = (address: string) => Buffer.from(parseIpAddress(address) ?? []).toString('hex');
  assert.equal(hex('127.0.0.1'), '7f000001');
  assert.equal(hex('::1'), `${'00'.repeat(15)}01`);
  assert.equal(hex('fd00:1::2:3'), 'fd000001000000000000000000020003');
  assert.equal(hex('::ffff:10.0.0.1'), '00000000000000000000ffff0a000001');
});

test('names that no client could match are refused', () => {
  const encode = (name: string) => encodeSubjectAltNames([{ kind: 'dns', name }]);
  for (const good of ['istiod.istio-system.svc', '*.example.com', 'localhost', '_grpc.example.com']) {
    assert.ok(encode(good).length > 0);
  }
  for (const bad of ['', 'a..b', 'a.*.b', 'a:15012', '.a', 'a.', '-a', 'ü', `${'a.'.repeat(127)}a`]) {
    assert.throws(() => encode(bad), /is not a DNS name/, bad);
  }
  assert.throws(() => encodeSubjectAltNames([{ kind: 'ip', address: 'fe80::1%eth0' }]), /is not an IP address/);
  assert.throws(() => encodeSubjectAltNames([]), /without any name/);
});
