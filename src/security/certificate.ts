/**
 * Makes and signs the three kinds of certificate that a cluster's authority gives out. What is made has ECDSA P-256 keys;
 * who signs may have any key that Envoy verifies with.
 */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import type { Identity } from '../model/index.ts';
import { type CertificateSigner, keyIdOf, requireAlgorithm } from './certificate-signer.ts';
import { formatCertificatePem } from './pem.ts';
import { SecurityError } from './security-error.ts';
import { formatSpiffeId, formatTrustDomainId } from './spiffe-id.ts';
import type { SubjectAltName } from './subject-alt-name.ts';
import { type CertificateFields, EMPTY_NAME, encodeCertificate, encodeName, encodeTbsCertificate } from './x509.ts';

/** How far a certificate is dated back, so that a peer whose clock runs behind takes a new one at once. */
export const CLOCK_SKEW_MS = 120_000;
/** A workload certificate lives at most this long: it is renewed, never revoked. */
export const MAX_LEAF_TTL_MS: number = 24 * 3_600_000;

/** A certificate with its private key. The key is not enumerable, so loggers, JSON and copies by spread never have it. */
export interface IssuedCertificate {
  /** The leaf, and whatever stands between it and the root (nothing where the root itself signs). */
  readonly certificateChainPem: string;
  /** PKCS#8. */
  readonly privateKeyPem: string;
  /** Milliseconds since the epoch, whole seconds as X.509 keeps them. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** From when to when, in milliseconds since the epoch. */
export interface Validity {
  readonly nowMs: number;
  readonly ttlMs: number;
}

export interface RootRequest extends Validity {
  readonly trustDomain: string;
  /** The member cluster: its name is in the root's subject, for people. */
  readonly cluster: string;
}

/** A self-signed root for one cluster, with the key that made it. Its subject is unique to the key, so old and new roots never mix. */
export function issueRootCertificate(request: RootRequest): {
  readonly certificatePem: string;
  readonly key: KeyObject;
} {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
  const subjectKeyId = keyIdOf(publicKey);
  const subject = encodeName('Pelagos', `${request.cluster} root ${Buffer.from(subjectKeyId).toString('hex', 0, 4)}`);
  const signer: CertificateSigner = {
    key: pair.privateKey,
    algorithm: requireAlgorithm(pair.privateKey),
    subject,
    subjectKeyId,
    notAfterMs: Number.POSITIVE_INFINITY,
    chainPem: '',
  };
  const certificatePem = signCertificate(signer, {
    ...validityOf(request, signer),
    subject,
    publicKey,
    subjectKeyId,
    isAuthority: true,
    keyUsages: ['keyCertSign', 'cRLSign'],
    extendedKeyUsages: [],
    names: [{ kind: 'uri', uri: formatTrustDomainId(request.trustDomain) }],
  });
  return { certificatePem, key: pair.privateKey };
}

/**
 * An X509-SVID: one URI name, for both ends of a connection.
 * @throws SecurityError `certificate-lifetime-invalid`, `root-expired`, `spiffe-id-invalid`.
 */
export function issueWorkloadCertificate(
  signer: CertificateSigner,
  identity: Identity,
  validity: Validity,
): IssuedCertificate {
  const names: SubjectAltName[] = [{ kind: 'uri', uri: formatSpiffeId(identity) }];
  return issueLeaf(signer, validity, { names, extendedKeyUsages: ['serverAuth', 'clientAuth'] });
}

/**
 * A certificate for a server that is reached by host name or address, as proxies reach the control plane.
 * @throws SecurityError `certificate-lifetime-invalid`, `root-expired`, `subject-alt-name-invalid`.
 */
export function issueServerCertificate(
  signer: CertificateSigner,
  names: readonly SubjectAltName[],
  validity: Validity,
): IssuedCertificate {
  return issueLeaf(signer, validity, { names, extendedKeyUsages: ['serverAuth'] });
}

/**
 * A key pair takes some 65 µs and a signature 18 µs, so leaves are made synchronously: 8,000 per second and core.
 * The thread pool's variant gains nothing per certificate and would make every caller asynchronous.
 */
function issueLeaf(
  signer: CertificateSigner,
  validity: Validity,
  purpose: Pick<CertificateFields, 'names' | 'extendedKeyUsages'>,
): IssuedCertificate {
  const times = validityOf(validity, signer);
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const leafPem = signCertificate(signer, {
    ...times,
    ...purpose,
    subject: EMPTY_NAME,
    publicKey,
    subjectKeyId: keyIdOf(publicKey),
    authorityKeyId: signer.subjectKeyId,
    isAuthority: false,
    keyUsages: ['digitalSignature'],
  });
  const issued = {
    certificateChainPem: leafPem + signer.chainPem,
    privateKeyPem: '',
    notBefore: times.notBeforeMs,
    notAfter: times.notAfterMs,
  };
  return Object.defineProperty(issued, 'privateKeyPem', { value: privateKey, enumerable: false, writable: false });
}

function signCertificate(
  signer: Pick<CertificateSigner, 'key' | 'algorithm' | 'subject'>,
  fields: Omit<CertificateFields, 'algorithm' | 'serial' | 'issuer'>,
): string {
  const { identifier, hash } = signer.algorithm;
  const tbs = encodeTbsCertificate({
    ...fields,
    algorithm: identifier,
    serial: randomSerial(),
    issuer: signer.subject,
  });
  return formatCertificatePem(encodeCertificate(tbs, identifier, sign(hash, tbs, signer.key)));
}

/** 126 random bits in 16 bytes: positive, never zero, always the same length (RFC 5280, 4.1.2.2). */
function randomSerial(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** Dated back by the clock skew; never longer than the signer's own certificate. */
function validityOf(
  { nowMs, ttlMs }: Validity,
  signer: Pick<CertificateSigner, 'notAfterMs'>,
): Pick<CertificateFields, 'notBeforeMs' | 'notAfterMs'> {
  if (!Number.isFinite(ttlMs) || ttlMs < 1000) {
    throw new SecurityError('certificate-lifetime-invalid', {
      what: `A certificate cannot live ${ttlMs} ms.`,
      why: 'X.509 counts whole seconds, and a certificate without a lifetime is refused by every peer.',
      remedy: 'Ask for at least one second; hours are usual.',
    });
  }
  if (nowMs >= signer.notAfterMs) {
    throw new SecurityError('root-expired', {
      what: `The cluster's certificate authority expired at ${new Date(signer.notAfterMs).toISOString()}.`,
      why: 'Peers refuse everything it signs from then on.',
      remedy: 'Make a new one, add its root to the trust bundle, and let it sign from now on.',
    });
  }
  const wholeSecond = (ms: number) => Math.floor(ms / 1000) * 1000;
  return {
    notBeforeMs: wholeSecond(nowMs - CLOCK_SKEW_MS),
    notAfterMs: wholeSecond(Math.min(nowMs + ttlMs, signer.notAfterMs)),
  };
}
