import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SecurityError } from './security-error.ts';
import { formatSpiffeId, formatTrustDomainId, parseSpiffeId, requireIdentity } from './spiffe-id.ts';

const word = (extra: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...`abcxyz019-_.${extra}`), minLength: 1, maxLength });
const segment = word('ABZ', 60).filter((text) => text !== '.' && text !== '..');
const identity = fc.record(
  { trustDomain: word('', 255), namespace: segment, serviceAccount: segment },
  { noNullPrototype: true },
);

test('what is formatted is parsed back', () => {
  fc.assert(
    fc.property(identity, (id) => {
      assert.deepEqual(parseSpiffeId(formatSpiffeId(id)), { kind: 'workload', identity: id });
    }),
  );
});

test('parsing never throws, and what it takes is what it formats', () => {
  const nearly = fc
    .tuple(fc.constantFrom('spiffe://', 'spiffe:/', 'SPIFFE://'), fc.string())
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(fc.string(), nearly), (text) => {
      const result = parseSpiffeId(text);
      if (result.kind === 'workload') assert.equal(formatSpiffeId(result.identity), text);
      if (result.kind === 'trust-domain') assert.equal(formatTrustDomainId(result.trustDomain), text);
    }),
  );
});

test('a signing certificate is named by its trust domain alone', () => {
  assert.deepEqual(parseSpiffeId('spiffe://cluster.local'), { kind: 'trust-domain', trustDomain: 'cluster.local' });
});

const INVALID: readonly (readonly [string, RegExp])[] = [
  ['', /does not start with "spiffe:\/\/"/],
  ['https://cluster.local/ns/a/sa/b', /does not start with/],
  ['SPIFFE://cluster.local/ns/a/sa/b', /does not start with/],
  ['spiffe:///ns/a/sa/b', /trust domain is empty/],
  ['spiffe://Cluster.local/ns/a/sa/b', /lower-case/],
  ['spiffe://user@cluster.local/ns/a/sa/b', /no user, port/],
  ['spiffe://cluster.local:443/ns/a/sa/b', /no user, port/],
  [`spiffe://${'a'.repeat(256)}/ns/a/sa/b`, /256 characters, the limit is 255/],
  ['spiffe://cluster.local/ns/a/sa/b/', /empty segment or ends in/],
  ['spiffe://cluster.local/', /empty segment or ends in/],
  ['spiffe://cluster.local/ns//sa/b', /empty segment/],
  ['spiffe://cluster.local/ns/../sa/b', /relative segment/],
  ['spiffe://cluster.local/ns/a/sa/%62', /segment "%62"/],
  ['spiffe://cluster.local/ns/a/sa/b?x=1', /no query/],
  ['spiffe://cluster.local/ns/a/sa/b#x', /no query/],
  ['spiffe://cluster.local/ns/a/sa/bü', /may hold only/],
  ['spiffe://cluster.local/ns/a', /not \/ns\/<namespace>/],
  ['spiffe://cluster.local/sa/a/ns/b', /not \/ns\/<namespace>/],
  ['spiffe://cluster.local/ns/a/sa/b/c', /not \/ns\/<namespace>/],
  [`spiffe://cluster.local/ns/a/sa/${'b'.repeat(2048)}`, /limit is 2048 bytes/],
];

for (const [text, reason] of INVALID) {
  test(`refused with its reason: ${text.slice(0, 60)}`, () => {
    const result = parseSpiffeId(text);
    assert.equal(result.kind, 'invalid');
    if (result.kind === 'invalid') assert.match(result.reason, reason);
  });
}

test('the limit of 2048 bytes is exact', () => {
  const prefix = 'spiffe://cluster.local/ns/a/sa/';
  assert.equal(parseSpiffeId(prefix + 'b'.repeat(2048 - prefix.length)).kind, 'workload');
  assert.equal(parseSpiffeId(prefix + 'b'.repeat(2049 - prefix.length)).kind, 'invalid');
});

test('errors say what, why and what to do, and hold no control characters of the input', () => {
  const code = (error: unknown) => {
    assert.ok(error instanceof SecurityError);
    assert.equal(error.code, 'spiffe-id-invalid');
    assert.ok(!error.message.includes('\u001b'));
    assert.match(error.message, /Write it as spiffe:\/\/<trust domain>\/ns\//);
    return true;
  };
  assert.throws(() => requireIdentity('spiffe://\u001b[2J/ns/a/sa/b'), code);
  assert.throws(() => formatSpiffeId({ trustDomain: 'cluster.local', namespace: 'a/b', serviceAccount: 'c' }), code);
  assert.throws(() => formatSpiffeId({ trustDomain: 'cluster.local', namespace: '', serviceAccount: 'c' }), code);
  assert.throws(() => requireIdentity('spiffe://cluster.local'), /names a trust domain and no workload/);
});
