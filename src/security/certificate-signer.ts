import { createHash, type KeyObject, type X509Certificate } from 'node:crypto';
import { readDer } from './der.ts';
import { EMPTY_NAME } from './x509.ts';

/** Who signs: the key, and the issuer's name and key id exactly as its own certificate has them. */
export interface CertificateSigner {
  readonly key: KeyObject;
  readonly subject: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  /** The signer's certificate ends here, and so must all it signs. */
  readonly notAfterMs: number;
}

/** The first 160 bits of SHA-256 over the public key's bits (RFC 7093, 2, method 1). */
export function keyIdOf(publicKey: Uint8Array): Uint8Array {
  const [info] = readDer(publicKey);
  const bits = readDer(info?.contents ?? new Uint8Array())[1]?.contents.subarray(1) ?? new Uint8Array();
  return createHash('sha256').update(bits).digest().subarray(0, 20);
}

/** The signer of a root certificate and its key; both must belong together, which the caller has checked. */
export function signerOf(root: X509Certificate, key: KeyObject): CertificateSigner {
  const [certificate] = readDer(root.raw);
  const [tbs] = readDer(certificate?.contents ?? new Uint8Array());
  // Version, serial, algorithm, issuer, validity, subject, key, extensions: a v3 certificate has them in this order.
  const fields = readDer(tbs?.contents ?? new Uint8Array());
  const subject = fields[5]?.whole ?? EMPTY_NAME;
  const publicKey = fields[6]?.whole ?? new Uint8Array();
  return {
    key,
    subject,
    subjectKeyId: readSubjectKeyId(fields.at(-1)?.contents ?? new Uint8Array()) ?? keyIdOf(publicKey),
    notAfterMs: root.validToDate.getTime(),
  };
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
