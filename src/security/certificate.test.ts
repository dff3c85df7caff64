// The library's dependency injection needs this polyfill before it is loaded.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate as NodeCertificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import * as x509 from '@peculiar/x509';
import { issueWorkloadCertificate } from './certificate.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { signerOf } from './certificate-signer.ts';

const NOW = Date.UTC(2030, 0, 15, 12, 0, 0);
const HOUR = 3_600_000;
const IDENTITY = 'spiffe://cluster.local/ns/default/sa/reviews';
const authority = CertificateAuthority.createRoot('us-east', { trustDomain: 'cluster.local', now: () => NOW });
const leaf = authority.issue(IDENTITY, { ttlMs: HOUR });
const server = authority.issueServer(
  [
    { kind: 'dns', name: 'istiod.istio-system.svc' },
    { kind: 'ip', address: '127.0.0.1' },
    { kind: 'ip', address: '::1' },
  ],
  { ttlMs: HOUR },
);

/** Read by a library that shares no line with the writer. */
const read = (pem: string) => {
  const certificate = new x509.X509Certificate(pem);
  const extension = <T extends x509.Extension>(type: new (...args: never[]) => T): T => {
    const found = certificate.extensions.find((each) => each instanceof type);
    assert.ok(found instanceof type, `extension ${type.name}`);
    return found;
  };
  return {
    certificate,
    extension,
    names: extension(x509.SubjectAlternativeNameExtension).names.toJSON(),
    keyId: extension(x509.SubjectKeyIdentifierExtension).keyId,
  };
};

test('the root is a path-length-0 CA named by its trust domain, and signs itself', async () => {
  const { certificate, extension, names } = read(authority.root.pem);
  const constraints = extension(x509.BasicConstraintsExtension);
  assert.deepEqual([constraints.ca, constraints.pathLength, constraints.critical], [true, 0, true]);
  const usages = extension(x509.KeyUsagesExtension);
  assert.equal(usages.usages, x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign);
  assert.ok(usages.critical);
  assert.deepEqual(names, [{ type: 'url', value: 'spiffe://cluster.local' }]);
  assert.match(certificate.subject, /^O=Pelagos, CN=us-east root [0-9a-f]{8}$/);
  assert.equal(certificate.subject, certificate.issuer);
  assert.ok(await certificate.isSelfSigned());
  assert.ok(await certificate.verify({ date: new Date(NOW) }));
});

test('a leaf is an X509-SVID: one URI, empty subject, critical names, both purposes', async () => {
  const { certificate, extension, names } = read(leaf.certificateChainPem);
  assert.equal(certificate.subject, '');
  assert.deepEqual(names, [{ type: 'url', value: IDENTITY }]);
  assert.ok(extension(x509.SubjectAlternativeNameExtension).critical);
  assert.equal(extension(x509.BasicConstraintsExtension).ca, false);
  assert.equal(extension(x509.KeyUsagesExtension).usages, x509.KeyUsageFlags.digitalSignature);
  assert.deepEqual(
    [...extension(x509.ExtendedKeyUsageExtension).usages],
    [x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth],
  );
  const root = read(authority.root.pem);
  assert.equal(extension(x509.AuthorityKeyIdentifierExtension).keyId, root.keyId);
  assert.ok(await certificate.verify({ publicKey: root.certificate, date: new Date(NOW) }));
});

test('a server certificate has host names and addresses, and is for servers alone', () => {
  const { extension, names } = read(server.certificateChainPem);
  assert.deepEqual(names, [
    { type: 'dns', value: 'istiod.istio-system.svc' },
    { type: 'ip', value: '127.0.0.1' },
    { type: 'ip', value: '::1' },
  ]);
  assert.deepEqual([...extension(x509.ExtendedKeyUsageExtension).usages], [x509.ExtendedKeyUsage.serverAuth]);
  const certificate = new NodeCertificate(server.certificateChainPem);
  assert.ok(certificate.checkHost('istiod.istio-system.svc'));
  assert.ok(certificate.checkIP('127.0.0.1') && certificate.checkIP('::1'));
  assert.equal(certificate.checkHost('other.svc'), undefined);
});

test('the private key belongs to the certificate, is P-256 and is new each time', () => {
  const key = createPrivateKey(leaf.privateKeyPem);
  assert.equal(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
  assert.ok(new NodeCertificate(leaf.certificateChainPem).checkPrivateKey(key));
  assert.ok(!new NodeCertificate(authority.issue(IDENTITY, { ttlMs: HOUR }).certificateChainPem).checkPrivateKey(key));
});

test('serial numbers are positive, of 16 bytes, and do not repeat', () => {
  const serials = Array.from({ length: 300 }, () => {
    const pem = authority.issue(IDENTITY, { ttlMs: HOUR }).certificateChainPem;
    return new NodeCertificate(pem).serialNumber;
  });
  assert.equal(new Set(serials).size, serials.length);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
});

test('a changed byte of the signed part breaks the signature', () => {
  const root = new NodeCertificate(authority.root.pem);
  const original = new NodeCertificate(leaf.certificateChainPem);
  assert.ok(original.verify(root.publicKey));
  const raw = Buffer.from(original.raw);
  const at = raw.indexOf('reviews');
  raw.write('reviewx', at);
  const tampered = new NodeCertificate(raw);
  assert.match(tampered.subjectAltName ?? '', /sa\/reviewx$/);
  assert.ok(!tampered.verify(root.publicKey));
});

test('a root made elsewhere is signed for with its own name and key id, byte for byte', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const foreign = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'C=DE, O=Someone, CN=Their Root',
    notBefore: new Date(NOW - HOUR),
    notAfter: new Date(NOW + 100 * HOUR),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectKeyIdentifierExtension('0102030405'),
    ],
  });
  const key = createPrivateKey({
    key: Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  const root = new NodeCertificate(foreign.toString('pem'));
  const identity = { trustDomain: 'cluster.local', namespace: 'default', serviceAccount: 'reviews' };
  const made = issueWorkloadCertificate(signerOf([root], key), identity, { nowMs: NOW, ttlMs: HOUR });
  const { extension } = read(made.certificateChainPem);
  assert.equal(extension(x509.AuthorityKeyIdentifierExtension).keyId, '0102030405');
  const certificate = new NodeCertificate(made.certificateChainPem);
  assert.ok(certificate.checkIssued(root) && certificate.verify(root.publicKey));
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

test('openssl verifies the chain for both purposes, strictly', { skip: !hasOpenssl }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pelagos-openssl-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const other = CertificateAuthority.createRoot('other', { trustDomain: 'cluster.local', now: () => NOW });
  const root = await file('root.pem', authority.root.pem);
  const otherRoot = await file('other.pem', other.root.pem);
  const leafFile = await file('leaf.pem', leaf.certificateChainPem);
  const serverFile = await file('server.pem', server.certificateChainPem);
  const verify = (ca: string, purpose: string, certificate: string, nowMs = NOW) => {
    const time = `${Math.floor(nowMs / 1000)}`;
    const options = ['-x509_strict', '-attime', time, '-purpose', purpose, '-CAfile', ca, certificate];
    return promisify(execFile)('openssl', ['verify', ...options]);
  };
  for (const purpose of ['sslserver', 'sslclient']) assert.match((await verify(root, purpose, leafFile)).stdout, /OK/);
  assert.match((await verify(root, 'sslserver', serverFile)).stdout, /OK/);
  await assert.rejects(
    verify(root, 'sslclient', serverFile),
    /unsuitable certificate purpose|unsupported certificate purpose/,
  );
  await assert.rejects(verify(otherRoot, 'sslserver', leafFile), /unable to get local issuer/);
  await assert.rejects(verify(root, 'sslserver', leafFile, NOW + HOUR + 1000), /has expired/);
  await assert.rejects(verify(root, 'sslserver', leafFile, NOW - 121_000), /not yet valid/);
});
