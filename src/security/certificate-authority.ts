import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import {
  type IssuedCertificate,
  issueRootCertificate,
  issueServerCertificate,
  issueWorkloadCertificate,
  MAX_LEAF_TTL_MS,
} from './certificate.ts';
import { type CertificateSigner, signerOf } from './certificate-signer.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { SecurityError } from './security-error.ts';
import { requireIdentity } from './spiffe-id.ts';
import type { SubjectAltName } from './subject-alt-name.ts';
import { parseTrustRoot, type TrustRoot } from './trust-root.ts';

/** Ten years: a root is changed by rotation, not by running out. */
export const ROOT_TTL_MS: number = 3650 * 24 * 3_600_000;
/** One file holds key and certificate, so that no crash can leave half of them. */
const ROOT_FILE = 'root.pem';

/** What a certificate authority must know from outside. */
export interface AuthorityContext {
  /** Every certificate is for this trust domain alone. */
  readonly trustDomain: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How long a certificate is to live, in milliseconds. */
export interface IssueOptions {
  readonly ttlMs: number;
}

/** Where workload certificates come from: this cluster's own root, or one that stands elsewhere. */
export interface CertificateIssuer {
  issue(identity: string, options: IssueOptions): IssuedCertificate;
}

/**
 * The certificate authority of one cluster. Its root key stays in this object and in one file of mode 0600;
 * there is no way to get it out, and it is in no message and no log.
 */
export class CertificateAuthority implements CertificateIssuer {
  readonly trustDomain: string;
  readonly root: TrustRoot;
  readonly #signer: CertificateSigner;
  readonly #now: () => number;

  private constructor(context: AuthorityContext, root: TrustRoot, key: KeyObject) {
    this.trustDomain = context.trustDomain;
    this.root = root;
    this.#signer = signerOf(new X509Certificate(root.pem), key);
    this.#now = context.now;
  }

  /** Makes a new root for the cluster of that name. @throws SecurityError where the trust domain is none. */
  static createRoot(cluster: string, context: AuthorityContext, ttlMs: number = ROOT_TTL_MS): CertificateAuthority {
    const { trustDomain, now } = context;
    const made = issueRootCertificate({ cluster, trustDomain, nowMs: now(), ttlMs });
    return new CertificateAuthority(
      context,
      parseTrustRoot(made.certificatePem, { trustDomain, nowMs: now() }),
      made.key,
    );
  }

  /**
   * Takes up the root that {@link save} wrote, or any P-256 root with its key in one PEM file `root.pem`.
   * @returns undefined where the folder has none.
   * @throws SecurityError where others may read the file, or key and certificate are no usable root of the trust domain.
   */
  static async load(folder: string, context: AuthorityContext): Promise<CertificateAuthority | undefined> {
    const path = join(folder, ROOT_FILE);
    const text = await readPrivateFile(path);
    if (text === undefined) return undefined;
    const key = readRootKey(path, text);
    const certificatePem = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)?.join('\n') ?? '';
    const root = parseTrustRoot(certificatePem, { trustDomain: context.trustDomain, nowMs: context.now() });
    if (!new X509Certificate(root.pem).checkPrivateKey(key)) {
      throw rootFileError(path, 'the private key is not that of the certificate');
    }
    return new CertificateAuthority(context, root, key);
  }

  /** Loads the folder's root, or makes and saves one. Two processes that do so at once end with the same root. */
  static async loadOrCreate(folder: string, cluster: string, context: AuthorityContext): Promise<CertificateAuthority> {
    const found = await CertificateAuthority.load(folder, context);
    if (found) return found;
    const made = CertificateAuthority.createRoot(cluster, context);
    try {
      await made.save(folder);
      return made;
    } catch (error) {
      if (!(error instanceof SecurityError && error.code === 'private-file-exists')) throw error;
      const other = await CertificateAuthority.load(folder, context);
      if (other) return other;
      throw error;
    }
  }

  /** @throws SecurityError `private-file-exists` where the folder has a root, unless it is to be replaced (rotation). */
  async save(folder: string, mode: 'create' | 'replace' = 'create'): Promise<void> {
    const key = this.#signer.key.export({ type: 'pkcs8', format: 'pem' });
    await writePrivateFile(join(folder, ROOT_FILE), `${key.toString()}${this.root.pem}`, mode);
  }

  /**
   * A certificate for a workload, valid from two minutes ago until the given time from now, and never longer than the root.
   * @param identity its SPIFFE ID, of this authority's trust domain.
   * @throws SecurityError where the identity is none or foreign, the lifetime is over 24 hours, or the root has expired.
   */
  issue(identity: string, { ttlMs }: IssueOptions): IssuedCertificate {
    const parsed = requireIdentity(identity);
    if (parsed.trustDomain !== this.trustDomain) {
      throw new SecurityError('spiffe-id-invalid', {
        what: `${identity} is of another trust domain than this authority's, ${this.trustDomain}.`,
        why: 'Peers take identities of a trust domain only from its own roots.',
        remedy: 'Ask the authority of that trust domain, or set the mesh to that trust domain.',
      });
    }
    refuseLongLife(ttlMs);
    return issueWorkloadCertificate(this.#signer, parsed, { nowMs: this.#now(), ttlMs });
  }

  /** A certificate for the control plane's own servers. @throws SecurityError as {@link issue} does, and for names that are none. */
  issueServer(names: readonly SubjectAltName[], { ttlMs }: IssueOptions): IssuedCertificate {
    refuseLongLife(ttlMs);
    return issueServerCertificate(this.#signer, names, { nowMs: this.#now(), ttlMs });
  }
}

function refuseLongLife(ttlMs: number): void {
  if (ttlMs <= MAX_LEAF_TTL_MS) return;
  throw new SecurityError('certificate-lifetime-invalid', {
    what: `A certificate for ${ttlMs} ms was asked for; the limit is ${MAX_LEAF_TTL_MS} ms (24 hours).`,
    why: 'Certificates are not revoked: a stolen one is good until it runs out.',
    remedy: 'Ask for 24 hours or less; certificates are renewed at half their life.',
  });
}

function readRootKey(path: string, text: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw rootFileError(path, 'it holds no private key in PEM form without a passphrase');
  }
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw rootFileError(path, 'its key is not ECDSA P-256');
  return key;
}

function rootFileError(path: string, reason: string): SecurityError {
  return new SecurityError('private-file-invalid', {
    what: `${path} is not a root: ${reason}.`,
    why: 'The cluster cannot give certificates to its workloads without it.',
    remedy: 'Restore the file; or delete it for a new root, which the other members then have to be told of.',
  });
}
