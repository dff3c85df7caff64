/**
 * The to-be-signed part of X.509v3 certificates (RFC 5280, 4.1 and 4.2), as DER. Pure: no keys, no clock, no randomness.
 */
import {
  derBitString,
  derBoolean,
  derOctetString,
  derOid,
  derSequence,
  derSetOfOne,
  derTime,
  derUnsigned,
  derUtf8,
  derValue,
} from './der.ts';
import { encodeSubjectAltNames, type SubjectAltName } from './subject-alt-name.ts';

const VERSION_3 = derValue(0xa0, derUnsigned(Uint8Array.of(2)));

/** Bits of keyUsage (RFC 5280, 4.2.1.3), most significant first. */
const KEY_USAGE_BITS = { digitalSignature: 0x80, keyCertSign: 0x04, cRLSign: 0x02 } as const;
export type KeyUsage = keyof typeof KEY_USAGE_BITS;

/** Purposes of extKeyUsage (RFC 5280, 4.2.1.12). */
export type ExtendedKeyUsage = 'serverAuth' | 'clientAuth';
const EXTENDED_KEY_USAGE: Readonly<Record<ExtendedKeyUsage, Uint8Array>> = {
  serverAuth: derOid('1.3.6.1.5.5.7.3.1'),
  clientAuth: derOid('1.3.6.1.5.5.7.3.2'),
};

/** id-ce (RFC 5280, 4.2.1), encoded once. */
const EXTENSION = {
  subjectKeyId: derOid('2.5.29.14'),
  keyUsage: derOid('2.5.29.15'),
  subjectAltName: derOid('2.5.29.17'),
  basicConstraints: derOid('2.5.29.19'),
  authorityKeyId: derOid('2.5.29.35'),
  extendedKeyUsage: derOid('2.5.29.37'),
} as const;

export interface CertificateFields {
  /** AlgorithmIdentifier of the signature, DER. */
  readonly algorithm: Uint8Array;
  /** Big-endian; positive and at most 20 bytes. */
  readonly serial: Uint8Array;
  /** Encoded Name of the issuer, byte for byte as the issuer's certificate has it. */
  readonly issuer: Uint8Array;
  /** Encoded Name; {@link EMPTY_NAME} makes the subjectAltName critical. */
  readonly subject: Uint8Array;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  /** Undefined for self-signed certificates, which RFC 5280 lets go without. */
  readonly authorityKeyId?: Uint8Array;
  /** A CA that signs leaves only (path length 0), or a leaf. */
  readonly isAuthority: boolean;
  readonly keyUsages: readonly KeyUsage[];
  /** Empty: the extension is left out. */
  readonly extendedKeyUsages: readonly ExtendedKeyUsage[];
  readonly names: readonly SubjectAltName[];
}

/** A Name without any part: the names stand in subjectAltName alone. */
export const EMPTY_NAME: Uint8Array = derSequence();

/** A Name of an organisation and a common name. */
export function encodeName(organization: string, commonName: string): Uint8Array {
  const attribute = (oid: string, text: string) => derSetOfOne(derSequence(derOid(oid), derUtf8(text)));
  return derSequence(attribute('2.5.4.10', organization), attribute('2.5.4.3', commonName));
}

/** TBSCertificate: what the issuer signs. */
export function encodeTbsCertificate(fields: CertificateFields): Uint8Array {
  return derSequence(
    VERSION_3,
    derUnsigned(fields.serial),
    fields.algorithm,
    fields.issuer,
    derSequence(derTime(fields.notBeforeMs), derTime(fields.notAfterMs)),
    fields.subject,
    fields.publicKey,
    derValue(0xa3, derSequence(...encodeExtensions(fields))),
  );
}

/** Certificate: the signed part, the algorithm as the signed part names it, and the signature. */
export function encodeCertificate(tbs: Uint8Array, algorithm: Uint8Array, signature: Uint8Array): Uint8Array {
  return derSequence(tbs, algorithm, derBitString(signature));
}

function encodeExtensions(fields: CertificateFields): Uint8Array[] {
  const emptySubject = fields.subject.length === EMPTY_NAME.length;
  const pathLengthZero = derUnsigned(Uint8Array.of(0));
  const basicConstraints = fields.isAuthority ? derSequence(derBoolean(true), pathLengthZero) : derSequence();
  const extensions = [
    encodeExtension(EXTENSION.basicConstraints, basicConstraints, true),
    encodeExtension(EXTENSION.keyUsage, encodeKeyUsages(fields.keyUsages), true),
    encodeExtension(EXTENSION.subjectKeyId, derOctetString(fields.subjectKeyId), false),
    encodeExtension(EXTENSION.subjectAltName, encodeSubjectAltNames(fields.names), emptySubject),
  ];
  if (fields.extendedKeyUsages.length > 0) {
    const purposes = fields.extendedKeyUsages.map((usage) => EXTENDED_KEY_USAGE[usage]);
    extensions.push(encodeExtension(EXTENSION.extendedKeyUsage, derSequence(...purposes), false));
  }
  if (fields.authorityKeyId) {
    extensions.push(
      encodeExtension(EXTENSION.authorityKeyId, derSequence(derValue(0x80, fields.authorityKeyId)), false),
    );
  }
  return extensions;
}

/** `critical` has the default FALSE, so DER leaves it out. */
function encodeExtension(oid: Uint8Array, value: Uint8Array, critical: boolean): Uint8Array {
  const flag = critical ? [derBoolean(true)] : [];
  return derSequence(oid, ...flag, derOctetString(value));
}

/** A named-bit list: DER drops the trailing zero bits (X.690, 11.2.2). */
function encodeKeyUsages(usages: readonly KeyUsage[]): Uint8Array {
  const bits = usages.reduce((sum, usage) => sum | KEY_USAGE_BITS[usage], 0);
  const unusedBits = bits === 0 ? 0 : 31 - Math.clz32(bits & -bits);
  return derBitString(bits === 0 ? new Uint8Array() : Uint8Array.of(bits), unusedBits);
}
