import { type KeyObject, X509Certificate } from 'node:crypto';
import { formatCertificatePem } from './pem.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';
import { keyFaultOf } from './signature-algorithm.ts';
import { formatTrustDomainId } from './spiffe-id.ts';

/** One root certificate in PEM. Ours have some 700 bytes, RSA-4096 roots with policies some 3,000. */
export const MAX_ROOT_PEM_BYTES = 16_384;

/** A certificate that others may be verified against. */
export interface TrustRoot {
  /** One certificate, in the one canonical PEM form: equal roots are equal texts. */
  readonly pem: string;
  /** SHA-256 over the DER, in lower-case hex. */
  readonly fingerprint: string;
  /** For people: the subject, on one line. */
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
}

/** Against what a root is checked. */
export interface RootRules {
  readonly trustDomain: string;
  readonly nowMs: number;
}

/**
 * Reads one root that came from outside and refuses what cannot be a root: more or less than one certificate, no CA, not
 * self-signed, expired, a weak or unsupported key, another trust domain's, over the size limit.
 * @throws SecurityError `root-rejected`, `root-expired`, `root-foreign-trust-domain`.
 */
export function parseTrustRoot(pem: string, rules: RootRules): TrustRoot {
  const certificate = readOneCertificate(pem);
  const subject = oneLine(certificate.subject ?? '');
  const reject = (reason: string, code: SecurityErrorCode = 'root-rejected') => rootError(subject, reason, code);

  if (!certificate.ca)
    throw reject('it is not a CA certificate (basicConstraints CA:TRUE with the right to sign certificates)');
  const keyFault = faultOfKey(certificate);
  if (keyFault) throw reject(keyFault);
  if (!isSelfSigned(certificate)) throw reject('it is not self-signed, so it is no root');
  const notAfter = certificate.validToDate.getTime();
  if (notAfter <= rules.nowMs) throw reject(`it expired at ${new Date(notAfter).toISOString()}`, 'root-expired');
  const foreign = spiffeNamesOf(certificate).find((name) => name !== formatTrustDomainId(rules.trustDomain));
  if (foreign !== undefined) {
    throw reject(`it is for ${foreign}, and this mesh is ${rules.trustDomain}`, 'root-foreign-trust-domain');
  }
  return {
    pem: formatCertificatePem(certificate.raw),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    subject,
    notAfter,
  };
}

function readOneCertificate(pem: string): X509Certificate {
  if (pem.length > MAX_ROOT_PEM_BYTES) {
    throw rootError('', `it has ${pem.length} characters, the limit is ${MAX_ROOT_PEM_BYTES}`);
  }
  if (pem.includes('PRIVATE KEY-----'))
    throw rootError('', 'a private key was given with it; private keys never leave their cluster');
  const count = pem.split('-----BEGIN CERTIFICATE-----').length - 1;
  if (count !== 1) throw rootError('', `one certificate in PEM form is expected, there are ${count}`);
  try {
    return new X509Certificate(pem);
  } catch {
    throw rootError('', 'it is no readable X.509 certificate');
  }
}

export function isSelfSigned(certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
  } catch {
    return false;
  }
}

function faultOfKey(certificate: X509Certificate): string | undefined {
  let key: KeyObject;
  try {
    key = certificate.publicKey;
  } catch {
    return 'its key is of an unknown kind';
  }
  return keyFaultOf(key);
}

/** Node writes names as `URI:spiffe://…, DNS:…` and quotes (JSON) those that hold a comma or quote, which no SPIFFE ID does. */
function spiffeNamesOf(certificate: X509Certificate): readonly string[] {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.filter((name) => /^URI:"?spiffe:/i.test(name)).map((name) => name.slice('URI:'.length));
}

export function oneLine(subject: string): string {
  // Subjects of foreign certificates are foreign text: no control characters, and not without end.
  return subject
    .split('\n')
    .join(', ')
    .replace(/\p{Cc}/gu, '?')
    .slice(0, 200);
}

function rootError(subject: string, reason: string, code: SecurityErrorCode = 'root-rejected'): SecurityError {
  return new SecurityError(code, {
    what: `The root certificate${subject ? ` "${subject}"` : ''} is refused: ${reason}.`,
    why: 'A root in the trust bundle decides whom every workload of the mesh believes.',
    remedy: 'Give the self-signed CA certificate of the member, as its own control plane prints it.',
  });
}
