/** A certificate authority as it is kept: certificates and a key in PEM, in Istio's four parts. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { CLOCK_SKEW_MS, issueRootCertificate, type RootRequest } from './certificate.ts';
import { splitCertificatePems } from './pem.ts';
import { SecurityError, type SecurityErrorCode } from './security-error.ts';
import { keyFaultOf } from './signature-algorithm.ts';
import { isSelfSigned, oneLine, parseTrustRoot, type RootRules, type TrustRoot } from './trust-root.ts';

/** The certificates of one part; an RSA-4096 chain of five has some 12 KiB. */
export const MAX_MATERIAL_PART_BYTES = 65_536;
/** More than this stand between no leaf and its root. */
const MAX_PATH = 6;

/** What makes an authority, in PEM. The key is not enumerable where this stage makes it, so that no logger has it. */
export interface AuthorityMaterial {
  /** Where it is kept, for messages: `the Secret istio-system/cacerts`. */
  readonly source: string;
  /** Istio's `ca-cert.pem`: who signs. */
  readonly certificatePem: string;
  /** Istio's `ca-key.pem`: PKCS#8, PKCS#1 or SEC 1, without a passphrase. */
  readonly privateKeyPem: string;
  /** Istio's `cert-chain.pem`: the way from who signs to the root, in any order, with or without both ends. */
  readonly chainPem?: string;
  /** Istio's `root-cert.pem`: whom the workloads believe; several while a root is rotated. Left out: who signs is the root. */
  readonly rootsPem?: string;
}

/** An authority that can sign. */
export interface ParsedAuthority {
  readonly key: KeyObject;
  /** From who signs up to the root, which is the last one. */
  readonly path: readonly [X509Certificate, ...(readonly X509Certificate[])];
  /** The root at the end of the path. */
  readonly root: TrustRoot;
  /** All roots that were given and hold now, the path's among them. */
  readonly roots: readonly TrustRoot[];
}

/** Makes a new self-signed root with its key. @throws SecurityError where the trust domain is none. */
export function createAuthorityMaterial(request: RootRequest, source: string): AuthorityMaterial {
  const { certificatePem, key } = issueRootCertificate(request);
  const privateKeyPem = key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const material = { source, certificatePem, privateKeyPem };
  return Object.defineProperty(material, 'privateKeyPem', { value: privateKeyPem, enumerable: false });
}

/**
 * Checks that the parts make an authority: a CA certificate with its own key, signed by way of the chain by one of the
 * roots, all of them of now, and a kind of key that Envoy verifies with.
 * @throws SecurityError `authority-rejected`, `authority-expired`, and for roots as {@link parseTrustRoot} does.
 */
export function parseAuthorityMaterial(material: AuthorityMaterial, rules: RootRules): ParsedAuthority {
  const reject: Reject = (reason, code = 'authority-rejected') => authorityError(material.source, reason, code);
  refuseLarge(material, reject);
  const [own, ...others] = readCertificates(material.certificatePem, 'ca-cert.pem', reject);
  if (!own) throw reject('ca-cert.pem holds no certificate');
  const chain = [...others, ...readCertificates(material.chainPem ?? '', 'cert-chain.pem', reject)];
  const roots = readRoots(material, rules, reject);
  const path = pathToRoot(own, { chain, roots }, reject);
  for (const certificate of path) refuseUnusable(certificate, rules.nowMs, reject);
  const key = readKey(material.privateKeyPem, reject);
  if (!own.checkPrivateKey(key)) throw reject('ca-key.pem is not the key of ca-cert.pem');
  const top = fingerprintOf(path.at(-1) ?? own);
  const root = roots.find(({ fingerprint }) => fingerprint === top);
  if (!root) throw reject('its root is none of those in root-cert.pem');
  return { key, path, root, roots };
}

type Reject = (reason: string, code?: SecurityErrorCode) => SecurityError;

function refuseLarge(material: AuthorityMaterial, reject: Reject): void {
  const { certificatePem, privateKeyPem, chainPem = '', rootsPem = '' } = material;
  for (const part of [certificatePem, privateKeyPem, chainPem, rootsPem]) {
    if (part.length > MAX_MATERIAL_PART_BYTES)
      throw reject(`a part of it has ${part.length} characters, the limit is ${MAX_MATERIAL_PART_BYTES}`);
  }
}

function readCertificates(text: string, part: string, reject: Reject): readonly X509Certificate[] {
  return splitCertificatePems(text).map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch {
      throw reject(`${part} holds what is no readable X.509 certificate`);
    }
  });
}

/** Roots that ran out are left out, as long as another one is left: that is how a rotation ends. */
function readRoots(material: AuthorityMaterial, rules: RootRules, reject: Reject): readonly TrustRoot[] {
  const text = material.rootsPem?.trim() ? material.rootsPem : material.certificatePem;
  const pems = splitCertificatePems(text);
  if (pems.length === 0) throw reject('root-cert.pem holds no certificate');
  const roots = new Map<string, TrustRoot>();
  let expired: unknown;
  for (const pem of pems) {
    try {
      const root = parseTrustRoot(pem, rules);
      roots.set(root.fingerprint, root);
    } catch (error) {
      if (!(error instanceof SecurityError && error.code === 'root-expired')) throw error;
      expired = error;
    }
  }
  if (roots.size === 0) throw expired;
  return [...roots.values()];
}

/** Each certificate's issuer, roots first, until a root is reached. */
function pathToRoot(
  own: X509Certificate,
  among: { readonly chain: readonly X509Certificate[]; readonly roots: readonly TrustRoot[] },
  reject: Reject,
): ParsedAuthority['path'] {
  const roots = among.roots.map(({ pem }) => new X509Certificate(pem));
  const trusted = new Set(among.roots.map(({ fingerprint }) => fingerprint));
  const path: [X509Certificate, ...X509Certificate[]] = [own];
  for (let last = own; !trusted.has(fingerprintOf(last)); ) {
    const issuer = [...roots, ...among.chain].find((each) => !path.includes(each) && hasSigned(each, last));
    if (!issuer || path.length >= MAX_PATH) {
      const name = oneLine(last.subject ?? '');
      throw reject(
        isSelfSigned(last)
          ? `"${name}" has signed itself, and is not in root-cert.pem`
          : `who signed "${name}" is neither in root-cert.pem nor in cert-chain.pem`,
      );
    }
    path.push(issuer);
    last = issuer;
  }
  return path;
}

function hasSigned(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function refuseUnusable(certificate: X509Certificate, nowMs: number, reject: Reject): void {
  const name = oneLine(certificate.subject ?? '');
  if (!certificate.ca)
    throw reject(
      `"${name}" is not a CA certificate (basicConstraints CA:TRUE with the right to sign certificates), so nobody believes what it signs`,
    );
  const keyFault = keyFaultOf(certificate.publicKey);
  if (keyFault) throw reject(`"${name}": ${keyFault}`);
  if (certificate.validToDate.getTime() <= nowMs)
    throw reject(`"${name}" expired at ${certificate.validToDate.toISOString()}`, 'authority-expired');
  if (certificate.validFromDate.getTime() > nowMs + CLOCK_SKEW_MS)
    throw reject(`"${name}" is valid from ${certificate.validFromDate.toISOString()} on, which is still to come`);
}

function readKey(text: string, reject: Reject): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    // OpenSSL's own words help nobody, and might quote.
    throw reject('ca-key.pem holds no private key in PEM form without a passphrase');
  }
}

function fingerprintOf(certificate: X509Certificate): string {
  return certificate.fingerprint256.replaceAll(':', '').toLowerCase();
}

function authorityError(source: string, reason: string, code: SecurityErrorCode): SecurityError {
  return new SecurityError(code, {
    what: `The certificate authority in ${source} cannot be used: ${reason}.`,
    why: 'Workloads would get no certificates, or ones that no peer believes.',
    remedy:
      'Correct it: ca-cert.pem and its key ca-key.pem, the root in root-cert.pem, and in cert-chain.pem whatever stands between them. It is taken up as soon as it is right.',
  });
}
