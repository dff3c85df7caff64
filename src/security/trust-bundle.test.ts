import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CertificateAuthority } from './certificate-authority.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';
import { MAX_MEMBERS, TrustBundle } from './trust-bundle.ts';

const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const context = { trustDomain: 'cluster.local', now: () => NOW };
const rootOf = (cluster: string, ttlMs?: number) => CertificateAuthority.createRoot(cluster, context, ttlMs).root;
const refused = (code: SecurityErrorCode) => (error: unknown) => error instanceof SecurityError && error.code === code;
const [A, B, C] = [rootOf('a'), rootOf('b'), rootOf('c')];

function counted(bundle: TrustBundle): { changes: number; stop: () => void } {
  const count = { changes: 0, stop: () => {} };
  count.stop = bundle.onChange(() => {
    count.changes += 1;
  });
  return count;
}

test('joining, rotating and leaving are changes of data, each told once', () => {
  const bundle = new TrustBundle(context);
  const heard = counted(bundle);
  assert.equal(bundle.pem, '');
  bundle.set('one', [A.pem]);
  bundle.set('two', [B.pem]);
  bundle.add('one', C.pem);
  assert.equal(heard.changes, 3);
  assert.deepEqual(new Set(bundle.roots), new Set([A, B, C]));
  assert.ok(bundle.removeRoot('one', A.fingerprint));
  assert.ok(bundle.remove('two'));
  assert.deepEqual(bundle.roots, [C]);
  assert.equal(bundle.pem, C.pem);
  assert.equal(heard.changes, 5);
  assert.deepEqual([...bundle.members.keys()], ['one']);
  heard.stop();
  bundle.remove('one');
  assert.equal(heard.changes, 5);
});

test('a change that changes nothing is told to nobody', () => {
  const bundle = new TrustBundle(context);
  bundle.set('one', [A.pem]);
  const heard = counted(bundle);
  bundle.set('one', [A.pem, A.pem]);
  bundle.set('two', [A.pem]);
  assert.ok(bundle.remove('one'), 'the root stays: two has it too');
  assert.ok(!bundle.remove('one'));
  assert.ok(!bundle.removeRoot('two', B.fingerprint));
  assert.equal(heard.changes, 0);
  assert.deepEqual(bundle.roots, [A]);
});

test('the text is that of the set of roots, in whatever order they came', () => {
  const operation = fc.oneof(
    fc.record({ member: fc.constantFrom('x', 'y', 'z'), roots: fc.subarray([A, B, C], { minLength: 1 }) }),
    fc.record({ member: fc.constantFrom('x', 'y', 'z'), roots: fc.constant([]) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
      const bundle = new TrustBundle(context);
      const last = new Map<string, readonly string[]>();
      for (const { member, roots } of operations) {
        const pems = roots.map((root) => root.pem);
        if (pems.length > 0) bundle.set(member, pems);
        else bundle.remove(member);
        last.set(member, pems);
      }
      const fresh = new TrustBundle(context);
      for (const [member, pems] of [...last].reverse()) if (pems.length > 0) fresh.set(member, [...pems].reverse());
      assert.equal(bundle.pem, fresh.pem);
      assert.equal(new Set(bundle.roots.map((root) => root.pem)).size, bundle.roots.length);
    }),
    { numRuns: 50 },
  );
});

test('every certificate of the text can be read', () => {
  const bundle = new TrustBundle(context);
  bundle.set('one', [A.pem, B.pem]);
  const blocks = bundle.pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
  assert.equal(blocks.join(''), bundle.pem);
  assert.ok(blocks.every((block) => new X509Certificate(block).ca));
});

test('a refused change leaves the member as it was', () => {
  const bundle = new TrustBundle(context);
  bundle.set('one', [A.pem]);
  const heard = counted(bundle);
  assert.throws(() => bundle.set('one', [B.pem, 'nonsense']), refused('root-rejected'));
  assert.throws(() => bundle.set('one', []), refused('root-rejected'));
  assert.throws(() => bundle.set('one', Array(9).fill(B.pem)), refused('bundle-full'));
  assert.deepEqual(bundle.roots, [A]);
  assert.equal(heard.changes, 0);
});

test('there is a limit of members', () => {
  const bundle = new TrustBundle(context);
  // One root for all keeps the text small; what is counted are the members.
  for (let index = 0; index < MAX_MEMBERS; index++) bundle.set(`member-${index}`, [A.pem]);
  assert.throws(() => bundle.set('one-more', [A.pem]), refused('bundle-full'));
  assert.ok(bundle.remove('member-0'));
  bundle.set('one-more', [A.pem]);
});

test('roots that have expired since stay until they are taken away', () => {
  let nowMs = NOW;
  const bundle = new TrustBundle({ trustDomain: 'cluster.local', now: () => nowMs });
  const short = rootOf('short', HOUR);
  bundle.set('one', [short.pem, A.pem]);
  bundle.set('two', [short.pem]);
  assert.deepEqual(bundle.removeExpired(), []);
  nowMs = NOW + HOUR;
  bundle.add('one', B.pem);
  assert.throws(() => bundle.set('three', [short.pem]), refused('root-expired'));
  assert.deepEqual(bundle.removeExpired(), [short]);
  assert.deepEqual(new Set(bundle.roots), new Set([A, B]));
  assert.deepEqual([...bundle.members.keys()], ['one']);
});

test('a listener that throws keeps no other from hearing', () => {
  const bundle = new TrustBundle(context);
  bundle.onChange(() => {
    throw new Error('broken listener');
  });
  const heard = counted(bundle);
  assert.throws(() => bundle.set('one', [A.pem]), /broken listener/);
  assert.equal(heard.changes, 1);
  assert.deepEqual(bundle.roots, [A]);
});
