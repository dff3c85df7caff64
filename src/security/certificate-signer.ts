import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { readDer } from './der.ts';
import { formatCertificatePem } from './pem.ts';
import { SecurityError } from './security-error.ts';
import { keyFaultOf, type SignatureAlgorithm, signatureAlgorithmOf } from './signature-algorithm.ts';
import { EMPTY_NAME } from './x509.ts';

/** Who signs: the key, and the issuer's name and key id exactly as its own certificate has them. */
export interface CertificateSigner {
  readonly key: KeyObject;
  readonly algorithm: SignatureAlgorithm;
  readonly subject: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  /** The first certificate on the way to the root ends here, and so must all that is signed. */
  readonly notAfterMs: number;
  /** What every leaf is sent with: the signer's certificate and those up to the root, in PEM. Empty where a root signs. */
  readonly chainPem: string;
}

/** The first 160 bits of SHA-256 over the public key's bits (RFC 7093, 2, method 1). */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  const [info] = readDer(publicKey);
  const bits = readDer(info?.contents ?? new Uint8Array())[1]?.contents.subarray(1) ?? new Uint8Array();
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

/**
 * The signer that a key and its certificate make; that both belong together the caller has checked.
 * @param path the certificates from the signer's own up to its root, which is the last one.
 */
export function signerOf(
  path: readonly [X509Certificate, ...(readonly X509Certificate[])],
  key: KeyObject,
): CertificateSigner {
  const [own] = path;
  const algorithm = requireAlgorithm(key);
  const [certificate] = readDer(own.raw);
  const [tbs] = readDer(certificate?.contents ?? new Uint8Array());
  // Version, serial, algorithm, issuer, validity, subject, key, extensions: a v3 certificate has them in this order.
  const fields = readDer(tbs?.contents ?? new Uint8Array());
  const subject = fields[5]?.whole ?? EMPTY_NAME;
  const publicKey = fields[6]?.whole ?? new Uint8Array();
  return {
    key,
    algorithm,
    subject,
    subjectKeyId: readSubjectKeyId(fields.at(-1)?.contents ?? new Uint8Array()) ?? keyIdOf(publicKey),
    notAfterMs: Math.min(...path.map(({ validToDate }) => validToDate.getTime())),
    chainPem: path
      .slice(0, -1)
      .map(({ raw }) => formatCertificatePem(raw))
      .join(''),
  };
}

/** @throws SecurityError `authority-rejected` for keys that cannot sign what Envoy verifies. */
export function requireAlgorithm(key: KeyObject): SignatureAlgorithm {
  const algorithm = signatureAlgorithmOf(key);
  if (algorithm) return algorithm;
  throw new SecurityError('authority-rejected', {
    what: `The key cannot sign certificates: ${keyFaultOf(key)}.`,
    why: 'No proxy would believe what it signs.',
    remedy: 'Make a certificate authority with one of those keys.',
  });
}

function readSubjectKeyId(extensionList: Uint8Array): Uint8Array | undefined {
  const subjectKeyIdOid = [0x55, 0x1d, 0x0e];
  for (const extension of readDer(readDer(extensionList)[0]?.contents ?? new Uint8Array())) {
    const parts = readDer(extension.contents);
    const oid = parts[0]?.contents;
    if (oid?.length !== 3 || !subjectKeyIdOid.every((byte, index) => oid[index] === byte)) continue;
    return readDer(parts.at(-1)?.contents ?? new Uint8Array())[0]?.contents;
  }
  return undefined;
}
