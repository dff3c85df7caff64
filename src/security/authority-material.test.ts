/** Foreign authorities as people make them, with OpenSSL as the maker and the judge. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { type AuthorityMaterial, createAuthorityMaterial } from './authority-material.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { splitCertificatePems } from './pem.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'pelagos-authority-'));
after(() => rmSync(folder, { recursive: true }));

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.now();
const context = { trustDomain: 'cluster.local', now: () => NOW };
const IDENTITY = 'spiffe://cluster.local/ns/default/sa/reviews';
const path = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(path(name), 'utf8');
const openssl = (...args: readonly string[]): string =>
  execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

type KeyKind = 'rsa:2048' | 'rsa:3072' | 'P-256' | 'P-384' | 'P-521' | 'ed25519';

function makeKey(name: string, kind: KeyKind): void {
  const [, bits] = kind.split(':');
  if (bits) openssl('genrsa', '-traditional', '-out', `${name}.key`, bits);
  else if (kind === 'ed25519') openssl('genpkey', '-algorithm', 'ed25519', '-out', `${name}.key`);
  else
    openssl(
      'ecparam',
      '-name',
      kind === 'P-256' ? 'prime256v1' : `secp${kind.slice(2)}r1`,
      '-genkey',
      '-noout',
      '-out',
      `${name}.key`,
    );
}

/** Istio's own Makefile for CAs uses these extensions. */
const USAGE = 'keyUsage = critical, digitalSignature, nonRepudiation, keyEncipherment, keyCertSign';

function makeCertificate(
  name: string,
  options: { readonly by?: string; readonly kind?: KeyKind; readonly days?: number; readonly ca?: boolean },
): void {
  const { by, kind = 'P-256', days = 30, ca = true } = options;
  makeKey(name, kind);
  writeFileSync(
    path(`${name}.cnf`),
    `subjectKeyIdentifier = hash\nbasicConstraints = critical, CA:${ca}\n${ca ? USAGE : 'keyUsage = digitalSignature'}\n` +
      (by ? 'subjectAltName = DNS:istiod.istio-system.svc\n' : ''),
  );
  openssl('req', '-new', '-key', `${name}.key`, '-subj', `/O=Istio/CN=${name}`, '-out', `${name}.csr`);
  const signer = by ? ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'] : ['-signkey', `${name}.key`];
  const dates = days < 0 ? ['-days', '1'] : ['-days', String(days)];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signer, ...dates, '-extfile', `${name}.cnf`, '-out', `${name}.pem`);
}

const material = (own: string, change: Partial<AuthorityMaterial> = {}): AuthorityMaterial => ({
  source: 'the Secret istio-system/cacerts',
  certificatePem: read(`${own}.pem`),
  privateKeyPem: read(`${own}.key`),
  ...change,
});

function assertRefused(given: AuthorityMaterial, code: SecurityErrorCode, text: RegExp, at = NOW): void {
  assert.throws(
    () => CertificateAuthority.fromMaterial(given, { ...context, now: () => at }),
    (error) => {
      assert.ok(error instanceof SecurityError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, text);
      assert.doesNotMatch(error.message, /BEGIN|MII/);
      return true;
    },
  );
}

/** Does OpenSSL believe the leaf by the root alone, with nothing but what the leaf was sent with? */
function verify(chainPem: string, rootsPem: string): string {
  const [leaf = '', ...others] = splitCertificatePems(chainPem);
  writeFileSync(path('leaf.pem'), leaf);
  writeFileSync(path('others.pem'), others.join('\n'));
  writeFileSync(path('roots.pem'), rootsPem);
  const untrusted = others.length > 0 ? ['-untrusted', 'others.pem'] : [];
  return openssl(
    'verify',
    '-x509_strict',
    '-no-CApath',
    '-no-CAstore',
    '-CAfile',
    'roots.pem',
    ...untrusted,
    'leaf.pem',
  ).trim();
}

makeCertificate('root', { kind: 'rsa:2048', days: 3650 });
makeCertificate('intermediate', { by: 'root', kind: 'rsa:3072', days: 730 });
makeCertificate('deep', { by: 'intermediate', kind: 'P-384' });
makeCertificate('other', {});

describe('an intermediate CA', () => {
  test("of Istio's form (RSA) signs leaves that come with their way to the root", () => {
    const chainPem = read('intermediate.pem') + read('root.pem');
    const authority = CertificateAuthority.fromMaterial(
      material('intermediate', { chainPem, rootsPem: read('root.pem') }),
      context,
    );
    const leaf = authority.issue(IDENTITY, { ttlMs: HOUR });
    assert.equal(splitCertificatePems(leaf.certificateChainPem).length, 2, 'the root itself is not sent');
    assert.equal(verify(leaf.certificateChainPem, authority.root.pem), 'leaf.pem: OK');
    assert.equal(new X509Certificate(leaf.certificateChainPem).subjectAltName, `URI:${IDENTITY}`);
    assert.match(authority.root.subject, /CN=root/);
  });

  test('under another one needs the chain, in whatever order', () => {
    const rootsPem = read('root.pem');
    for (const chain of [['intermediate'], ['root', 'intermediate', 'deep'], ['other', 'intermediate']]) {
      const chainPem = chain.map((name) => read(`${name}.pem`)).join('');
      const authority = CertificateAuthority.fromMaterial(material('deep', { chainPem, rootsPem }), context);
      const leaf = authority.issue(IDENTITY, { ttlMs: HOUR });
      assert.equal(splitCertificatePems(leaf.certificateChainPem).length, 3);
      assert.equal(verify(leaf.certificateChainPem, rootsPem), 'leaf.pem: OK');
    }
    assertRefused(
      material('deep', { rootsPem, chainPem: read('other.pem') }),
      'authority-rejected',
      /who signed "O=Istio, CN=deep" is neither in root-cert.pem nor in cert-chain.pem/,
    );
  });

  test('lets no leaf outlive any certificate above it', () => {
    makeCertificate('short', { by: 'root', days: 1 });
    const authority = CertificateAuthority.fromMaterial(material('short', { rootsPem: read('root.pem') }), {
      ...context,
      now: () => NOW + 20 * HOUR,
    });
    const end = new X509Certificate(read('short.pem')).validToDate.getTime();
    assert.equal(authority.issue(IDENTITY, { ttlMs: DAY }).notAfter, end);
  });
});

test('every kind of key that Envoy verifies with signs', () => {
  for (const kind of ['rsa:2048', 'P-256', 'P-384', 'P-521'] as const) {
    const name = `self-${kind.replace(':', '-')}`;
    makeCertificate(name, { kind });
    const authority = CertificateAuthority.fromMaterial(material(name), context);
    const leaf = authority.issue(IDENTITY, { ttlMs: HOUR });
    assert.equal(leaf.certificateChainPem.match(/BEGIN/g)?.length, 1);
    assert.equal(verify(leaf.certificateChainPem, read(`${name}.pem`)), 'leaf.pem: OK', kind);
    const server = authority.issueServer([{ kind: 'dns', name: 'istiod.istio-system.svc' }], { ttlMs: HOUR });
    assert.equal(verify(server.certificateChainPem, read(`${name}.pem`)), 'leaf.pem: OK', kind);
  }
});

test('several roots are all to be believed; one that ran out is left out', () => {
  const rootsPem = `# both\n${read('other.pem')}${read('root.pem')}`;
  const given = material('intermediate', { rootsPem });
  const authority = CertificateAuthority.fromMaterial(given, context);
  assert.deepEqual(authority.roots.map(({ subject }) => subject).sort(), ['O=Istio, CN=other', 'O=Istio, CN=root']);
  assert.equal(authority.root.subject, 'O=Istio, CN=root');
  const later = CertificateAuthority.fromMaterial(given, { ...context, now: () => NOW + 40 * DAY });
  assert.deepEqual(
    later.roots.map(({ subject }) => subject),
    ['O=Istio, CN=root'],
  );
});

test('empty parts are as good as none', () => {
  const authority = CertificateAuthority.fromMaterial(material('other', { chainPem: '', rootsPem: '' }), context);
  assert.equal(authority.roots.length, 1);
});

test('what makes no authority is refused, with the reason', () => {
  const rootsPem = read('root.pem');
  makeCertificate('leaf', { by: 'root', ca: false });
  makeCertificate('edwards', { by: 'root', kind: 'ed25519' });
  const rejected = 'authority-rejected';
  assertRefused(material('leaf', { rootsPem }), rejected, /"O=Istio, CN=leaf" is not a CA certificate/);
  assertRefused(material('edwards', { rootsPem }), rejected, /\(ed25519\) is not one that Envoy verifies with/);
  const wrongKey = { rootsPem, privateKeyPem: read('other.key') };
  assertRefused(material('intermediate', wrongKey), rejected, /ca-key.pem is not the key of ca-cert.pem/);
  assertRefused(material('intermediate', { rootsPem, privateKeyPem: 'x' }), rejected, /no private key in PEM form/);
  assertRefused(material('other', { rootsPem }), rejected, /has signed itself, and is not in root-cert.pem/);
  assertRefused(
    material('other', { certificatePem: 'rubbish', rootsPem }),
    rejected,
    /ca-cert.pem holds no certificate/,
  );
  assertRefused(material('intermediate', { rootsPem: 'rubbish' }), rejected, /root-cert.pem holds no certificate/);
  assertRefused(material('intermediate', { rootsPem: read('intermediate.pem') }), 'root-rejected', /not self-signed/);
  assertRefused(material('other', { chainPem: 'x'.repeat(70_000) }), rejected, /the limit is 65536/);
  const torn = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
  assertRefused(material('other', { certificatePem: torn }), rejected, /no readable X.509 certificate/);
});

test('one that ran out, or is still to come, is refused with the time', () => {
  const given = material('deep', { chainPem: read('intermediate.pem'), rootsPem: read('root.pem') });
  assertRefused(given, 'authority-expired', /"O=Istio, CN=deep" expired at 20/, NOW + 31 * DAY);
  assertRefused(given, 'authority-rejected', /is valid from .* still to come/, NOW - DAY);
  assertRefused(material('other'), 'root-expired', /expired at/, NOW + 31 * DAY);
});

test('one that was made here can be read back, and its key is in no log', () => {
  const request = { cluster: 'one', trustDomain: 'cluster.local', nowMs: NOW, ttlMs: DAY };
  const made = createAuthorityMaterial(request, 'the Secret istio-system/istio-ca-secret');
  assert.match(made.privateKeyPem, /BEGIN PRIVATE KEY/);
  assert.doesNotMatch(JSON.stringify(made) + inspect(made, { depth: 9 }), /PRIVATE KEY/);
  assert.equal(CertificateAuthority.fromMaterial(made, context).roots.length, 1);
});
