/** With which algorithm a key signs certificates (RFC 5758, 3.2; RFC 4055, 5). */
import type { KeyObject } from 'node:crypto';
import { derNull, derOid, derSequence } from './der.ts';

export interface SignatureAlgorithm {
  /** AlgorithmIdentifier, DER. */
  readonly identifier: Uint8Array;
  /** As node:crypto calls it. */
  readonly hash: 'sha256' | 'sha384' | 'sha512';
}

/** BoringSSL, and so every Envoy, refuses shorter ones. */
export const MIN_RSA_BITS = 2048;

/** Signatures by ECDSA have no parameters; the hash is as strong as the curve. */
const ECDSA: Readonly<Record<string, SignatureAlgorithm>> = {
  prime256v1: { identifier: derSequence(derOid('1.2.840.10045.4.3.2')), hash: 'sha256' },
  secp384r1: { identifier: derSequence(derOid('1.2.840.10045.4.3.3')), hash: 'sha384' },
  secp521r1: { identifier: derSequence(derOid('1.2.840.10045.4.3.4')), hash: 'sha512' },
};

/** sha256WithRSAEncryption; its parameters are NULL and must be there. */
const RSA: SignatureAlgorithm = {
  identifier: derSequence(derOid('1.2.840.113549.1.1.11'), derNull()),
  hash: 'sha256',
};

/** @returns undefined for keys that Envoy verifies no certificates with (Ed25519, short RSA, other curves). */
export function signatureAlgorithmOf(key: KeyObject): SignatureAlgorithm | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ec') return ECDSA[details?.namedCurve ?? ''];
  if (type === 'rsa') return (details?.modulusLength ?? 0) >= MIN_RSA_BITS ? RSA : undefined;
  return undefined;
}

/** What to say where {@link signatureAlgorithmOf} finds none. */
export function keyFaultOf(key: KeyObject): string | undefined {
  if (signatureAlgorithmOf(key)) return undefined;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const size = details?.namedCurve ?? details?.modulusLength ?? '';
  return `its key (${`${type} ${size}`.trim()}) is not one that Envoy verifies with: ECDSA P-256, P-384, P-521, or RSA of at least ${MIN_RSA_BITS} bits`;
}
