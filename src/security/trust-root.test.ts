import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import { CertificateAuthority } from './certificate-authority.ts';
import { derOid, derSequence } from './der.ts';
import { formatCertificatePem } from './pem.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';
import { parseTrustRoot } from './trust-root.ts';
import { type CertificateFields, encodeCertificate, encodeName, encodeTbsCertificate } from './x509.ts';

const ECDSA_WITH_SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'));
const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const rules = { trustDomain: 'cluster.local', nowMs: NOW };
const authority = CertificateAuthority.createRoot('one', { trustDomain: 'cluster.local', now: () => NOW });

/** A root with some field wrong. */
function rootWith(change: Partial<CertificateFields>, curve = 'P-256', signer?: KeyObject): string {
  const pair = generateKeyPairSync('ec', { namedCurve: curve });
  const subject = encodeName('Test', 'Root');
  const tbs = encodeTbsCertificate({
    algorithm: ECDSA_WITH_SHA256,
    serial: Uint8Array.of(1),
    issuer: subject,
    subject,
    notBeforeMs: NOW - HOUR,
    notAfterMs: NOW + HOUR,
    publicKey: pair.publicKey.export({ type: 'spki', format: 'der' }),
    subjectKeyId: Uint8Array.of(1, 2, 3),
    isAuthority: true,
    keyUsages: ['keyCertSign'],
    extendedKeyUsages: [],
    names: [{ kind: 'uri', uri: 'spiffe://cluster.local' }],
    ...change,
  });
  return formatCertificatePem(
    encodeCertificate(tbs, ECDSA_WITH_SHA256, sign('sha256', tbs, signer ?? pair.privateKey)),
  );
}

test('a root is given in its canonical form', () => {
  const untidy = `Comment of a person\r\n${authority.root.pem.replaceAll('\n', '\r\n')}\r\n`;
  assert.deepEqual(parseTrustRoot(untidy, rules), authority.root);
  assert.match(authority.root.fingerprint, /^[0-9a-f]{64}$/);
  assert.match(authority.root.subject, /^O=Pelagos, CN=one root [0-9a-f]{8}$/);
  assert.equal(parseTrustRoot(rootWith({}), rules).notAfter, NOW + HOUR);
  assert.ok(parseTrustRoot(rootWith({}, 'P-384'), rules));
  assert.ok(parseTrustRoot(rootWith({ names: [{ kind: 'dns', name: 'root.example.com' }] }), rules));
});

const issued = authority.issue('spiffe://cluster.local/ns/a/sa/b', { ttlMs: HOUR });
const otherKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;

const REFUSED: readonly (readonly [string, string, SecurityErrorCode, RegExp])[] = [
  ['no PEM', 'nonsense', 'root-rejected', /there are 0/],
  ['two certificates', authority.root.pem + authority.root.pem, 'root-rejected', /there are 2/],
  ['broken base64', authority.root.pem.replace('MI', '!!'), 'root-rejected', /no readable/],
  ['a private key with it', issued.privateKeyPem + authority.root.pem, 'root-rejected', /never leave their cluster/],
  ['too long', authority.root.pem + ' '.repeat(16_384), 'root-rejected', /limit is 16384/],
  ['a leaf', issued.certificateChainPem, 'root-rejected', /not a CA/],
  ['no right to sign', rootWith({ keyUsages: ['digitalSignature'] }), 'root-rejected', /not a CA/],
  ['expired', rootWith({ notAfterMs: NOW }), 'root-expired', /expired at 2030-01-15T12:00:00/],
  ['another issuer', rootWith({ issuer: encodeName('Test', 'Other') }), 'root-rejected', /not self-signed/],
  ['another key signed', rootWith({}, 'P-256', otherKey), 'root-rejected', /not self-signed/],
  ['a curve Envoy has not', rootWith({}, 'secp256k1'), 'root-rejected', /secp256k1/],
  [
    'another trust domain',
    rootWith({ names: [{ kind: 'uri', uri: 'spiffe://other' }] }),
    'root-foreign-trust-domain',
    /for spiffe:\/\/other, and this mesh is cluster\.local/,
  ],
  [
    'a workload and a signer at once',
    rootWith({ names: [{ kind: 'uri', uri: 'spiffe://cluster.local/ns/a/sa/b' }] }),
    'root-foreign-trust-domain',
    /ns\/a\/sa\/b/,
  ],
];

for (const [what, pem, code, reason] of REFUSED) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => parseTrustRoot(pem, rules),
      (error: unknown) => {
        assert.ok(error instanceof SecurityError);
        assert.equal(error.code, code);
        assert.match(error.message, reason);
        assert.doesNotMatch(error.message, /PRIVATE|BEGIN/);
        return true;
      },
    );
  });
}

test("control characters in a foreign subject do not reach people's terminals", () => {
  const subject = encodeName('Test', '\u001b[2Jgone');
  const root = parseTrustRoot(rootWith({ subject, issuer: subject }), rules);
  assert.doesNotMatch(root.subject, /\p{Cc}/u);
});
