import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import {
  type AuthorityMaterial,
  createAuthorityMaterial,
  type ParsedAuthority,
  parseAuthorityMaterial,
} from './authority-material.ts';
import {
  type IssuedCertificate,
  issueServerCertificate,
  issueWorkloadCertificate,
  MAX_LEAF_TTL_MS,
} from './certificate.ts';
import { type CertificateSigner, signerOf } from './certificate-signer.ts';
import { splitCertificatePems } from './pem.ts';
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

/** What a control plane asks of its authority. */
export interface Authority extends CertificateIssuer {
  /** The root that its certificates lead to now. */
  readonly root: TrustRoot;
  /** Certificates for servers that are reached by host name or address. */
  issueServer(names: readonly SubjectAltName[], options: IssueOptions): IssuedCertificate;
  /** Calls the listener after another key has begun to sign. @returns the way to stop that. */
  onReplaced(listener: () => void): () => void;
}

/**
 * The certificate authority of one cluster: a root, or a CA that a root has signed. Its key stays in this object and where it
 * was read from (a file of mode 0600, a Secret); there is no way to get it out, and it is in no message and no log.
 */
export class CertificateAuthority implements Authority {
  readonly trustDomain: string;
  readonly root: TrustRoot;
  /** All roots that workloads are to believe: the one above, and others while a root is rotated. */
  readonly roots: readonly TrustRoot[];
  readonly #signer: CertificateSigner;
  readonly #now: () => number;

  private constructor(context: AuthorityContext, { root, roots, path, key }: ParsedAuthority) {
    this.trustDomain = context.trustDomain;
    this.root = root;
    this.roots = roots;
    this.#signer = signerOf(path, key);
    this.#now = context.now;
  }

  /** Makes a new root for the cluster of that name. @throws SecurityError where the trust domain is none. */
  static createRoot(cluster: string, context: AuthorityContext, ttlMs: number = ROOT_TTL_MS): CertificateAuthority {
    const request = { cluster, trustDomain: context.trustDomain, nowMs: context.now(), ttlMs };
    return CertificateAuthority.fromMaterial(createAuthorityMaterial(request, 'memory'), context);
  }

  /** @throws SecurityError where the parts do not make an authority of the trust domain. */
  static fromMaterial(material: AuthorityMaterial, context: AuthorityContext): CertificateAuthority {
    const rules = { trustDomain: context.trustDomain, nowMs: context.now() };
    return new CertificateAuthority(context, parseAuthorityMaterial(material, rules));
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
    const certificatePem = splitCertificatePems(text).join('\n');
    const root = parseTrustRoot(certificatePem, { trustDomain: context.trustDomain, nowMs: context.now() });
    const certificate = new X509Certificate(root.pem);
    if (!certificate.checkPrivateKey(key)) throw rootFileError(path, 'the private key is not that of the certificate');
    return new CertificateAuthority(context, { root, roots: [root], path: [certificate], key });
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

  /** When it can sign no more: the end of the first certificate on the way to its root. Milliseconds since the epoch. */
  get notAfter(): number {
    return this.#signer.notAfterMs;
  }

  /**
   * For authorities that are roots themselves.
   * @throws SecurityError `private-file-exists` where the folder has a root, unless it is to be replaced (rotation).
   */
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

  /** It signs with one key for ever; {@link RotatingAuthority} is the one that changes. */
  onReplaced(): () => void {
    return () => {};
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
