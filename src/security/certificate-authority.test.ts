import assert from 'node:assert/strict';
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { inspect } from 'node:util';
import { type AuthorityContext, CertificateAuthority } from './certificate-authority.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';

const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const IDENTITY = 'spiffe://cluster.local/ns/default/sa/reviews';
const at = (nowMs: number, trustDomain = 'cluster.local'): AuthorityContext => ({ trustDomain, now: () => nowMs });
const refused = (code: SecurityErrorCode) => (error: unknown) => error instanceof SecurityError && error.code === code;

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-ca-'));
  t.after(() => rm(folder, { recursive: true }));
  return join(folder, 'ca');
}

test('a workload certificate is dated back two minutes and ends when asked', () => {
  const issued = CertificateAuthority.createRoot('one', at(NOW)).issue(IDENTITY, { ttlMs: HOUR });
  assert.equal(issued.notBefore, NOW - 120_000);
  assert.equal(issued.notAfter, NOW + HOUR);
  const certificate = new NodeCertificate(issued.certificateChainPem);
  assert.equal(certificate.validFromDate.getTime(), issued.notBefore);
  assert.equal(certificate.validToDate.getTime(), issued.notAfter);
});

test('no certificate outlives its root, and an expired root signs nothing', () => {
  let nowMs = NOW;
  const authority = CertificateAuthority.createRoot('one', { trustDomain: 'cluster.local', now: () => nowMs }, HOUR);
  assert.equal(authority.issue(IDENTITY, { ttlMs: 24 * HOUR }).notAfter, NOW + HOUR);
  nowMs = NOW + HOUR;
  assert.throws(() => authority.issue(IDENTITY, { ttlMs: HOUR }), refused('root-expired'));
});

test('lifetimes over 24 hours, under a second or without sense are refused', () => {
  const authority = CertificateAuthority.createRoot('one', at(NOW));
  assert.ok(authority.issue(IDENTITY, { ttlMs: 24 * HOUR }));
  for (const ttlMs of [24 * HOUR + 1, 0, -1, 999, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => authority.issue(IDENTITY, { ttlMs }), refused('certificate-lifetime-invalid'), `${ttlMs}`);
    assert.throws(
      () => authority.issueServer([{ kind: 'dns', name: 'a' }], { ttlMs }),
      refused('certificate-lifetime-invalid'),
    );
  }
});

test('an identity that is none, or of another trust domain, gets no certificate', () => {
  const authority = CertificateAuthority.createRoot('one', at(NOW));
  const options = { ttlMs: HOUR };
  for (const identity of ['', 'spiffe://cluster.local', 'spiffe://other/ns/default/sa/reviews', `${IDENTITY}/x`]) {
    assert.throws(() => authority.issue(identity, options), refused('spiffe-id-invalid'), identity);
  }
  assert.throws(() => CertificateAuthority.createRoot('one', at(NOW, 'Not A Domain')), refused('spiffe-id-invalid'));
});

test('keys are not seen by loggers', () => {
  const authority = CertificateAuthority.createRoot('one', at(NOW));
  const issued = authority.issue(IDENTITY, { ttlMs: HOUR });
  assert.match(issued.privateKeyPem, /BEGIN PRIVATE KEY/);
  for (const text of [JSON.stringify({ issued, authority }), inspect({ issued, authority }, { depth: 9 })]) {
    assert.doesNotMatch(text, /PRIVATE KEY/);
  }
});

test('a saved root is the same root when loaded, and only its user can read it', async (t) => {
  const folder = await folderOf(t);
  const authority = CertificateAuthority.createRoot('one', at(NOW));
  await authority.save(folder);
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.deepEqual(await readdir(folder), ['root.pem']);
  assert.equal((await stat(join(folder, 'root.pem'))).mode & 0o777, 0o600);

  const loaded = await CertificateAuthority.load(folder, at(NOW));
  assert.equal(loaded?.root.pem, authority.root.pem);
  const leaf = new NodeCertificate(loaded.issue(IDENTITY, { ttlMs: HOUR }).certificateChainPem);
  const root = new NodeCertificate(authority.root.pem);
  assert.ok(leaf.checkIssued(root) && leaf.verify(root.publicKey));
});

test('a folder without a root is no error, and no root is written over but on purpose', async (t) => {
  const folder = await folderOf(t);
  assert.equal(await CertificateAuthority.load(folder, at(NOW)), undefined);
  const first = await CertificateAuthority.loadOrCreate(folder, 'one', at(NOW));
  assert.equal((await CertificateAuthority.loadOrCreate(folder, 'one', at(NOW))).root.pem, first.root.pem);
  const second = CertificateAuthority.createRoot('one', at(NOW));
  await assert.rejects(second.save(folder), refused('private-file-exists'));
  await second.save(folder, 'replace');
  assert.equal((await CertificateAuthority.load(folder, at(NOW)))?.root.pem, second.root.pem);
  assert.deepEqual(await readdir(folder), ['root.pem'], 'no draft is left');
});

test('several processes that make a root at once end with one', async (t) => {
  const folder = await folderOf(t);
  const made = await Promise.all([1, 2, 3, 4].map(() => CertificateAuthority.loadOrCreate(folder, 'one', at(NOW))));
  assert.equal(new Set(made.map((authority) => authority.root.pem)).size, 1);
  assert.deepEqual(await readdir(folder), ['root.pem']);
});

test('a key that others may read is refused', { skip: process.platform === 'win32' }, async (t) => {
  const folder = await folderOf(t);
  await CertificateAuthority.createRoot('one', at(NOW)).save(folder);
  for (const mode of [0o640, 0o604, 0o620, 0o644]) {
    await chmod(join(folder, 'root.pem'), mode);
    await assert.rejects(CertificateAuthority.load(folder, at(NOW)), (error: unknown) => {
      assert.ok(refused('private-file-exposed')(error) && error instanceof Error);
      assert.match(error.message, new RegExp(`mode 0${mode.toString(8)}.*chmod 600`));
      return true;
    });
  }
  await chmod(folder, 0o777);
  await assert.rejects(
    CertificateAuthority.createRoot('one', at(NOW)).save(folder, 'replace'),
    refused('private-file-exposed'),
  );
});

test('files that hold no usable root are refused without showing what they hold', async (t) => {
  const folder = await folderOf(t);
  const path = join(folder, 'root.pem');
  const one = CertificateAuthority.createRoot('one', at(NOW));
  await one.save(folder);
  const text = await readFile(path, 'utf8');
  const key = text.slice(0, text.indexOf('-----BEGIN CERTIFICATE'));
  const other = CertificateAuthority.createRoot('two', at(NOW));
  const cases: readonly (readonly [string, SecurityErrorCode])[] = [
    ['', 'private-file-invalid'],
    ['nonsense', 'private-file-invalid'],
    [one.root.pem, 'private-file-invalid'],
    [key, 'root-rejected'],
    [key + other.root.pem, 'private-file-invalid'],
    [key + one.root.pem + other.root.pem, 'root-rejected'],
    [key + one.issue(IDENTITY, { ttlMs: HOUR }).certificateChainPem, 'root-rejected'],
    ['x'.repeat(65_537), 'private-file-invalid'],
  ];
  for (const [content, code] of cases) {
    await writeFile(path, content);
    await assert.rejects(CertificateAuthority.load(folder, at(NOW)), (error: unknown) => {
      assert.ok(refused(code)(error), `${error}`);
      assert.doesNotMatch(`${error}`, /BEGIN|MIG/);
      return true;
    });
  }
  await writeFile(path, text);
  await assert.rejects(CertificateAuthority.load(folder, at(NOW + 4000 * 24 * HOUR)), refused('root-expired'));
  await assert.rejects(CertificateAuthority.load(folder, at(NOW, 'other')), refused('root-foreign-trust-domain'));
});
