import { createHash } from 'node:crypto';
import type { Logger } from 'pino';
import { type ApiServer, FollowedList } from '../../kubernetes-api/index.ts';
import {
  type Authority,
  type AuthorityMaterial,
  CertificateAuthority,
  MAX_LEAF_TTL_MS,
  MAX_ROOTS_PER_MEMBER,
  RetiringRoots,
  RotatingAuthority,
} from '../../security/index.ts';
import {
  type AuthorityPlace,
  OWN_SECRET,
  PLUGGED_SECRET,
  readMaterial,
  readOrCreateMaterial,
} from './authority-secret.ts';

/**
 * How long a new root is handed out before its key signs, in milliseconds: the kubelet writes a changed ConfigMap into pods
 * within some 90 seconds, and members read each other's in less.
 */
const SETTLE_MS = 120_000;

export interface ClusterAuthorityOptions extends AuthorityPlace {
  readonly log: Logger;
  /** Two minutes unless given. */
  readonly settleMs?: number;
}

/**
 * The certificate authority of the cluster that this process is in, kept in a Secret and taken up anew when that changes. A
 * new root is handed out first and signs later; an old one is believed until all it has signed has run out.
 */
export class ClusterAuthority {
  /** Who signs; the same object for ever. */
  readonly authority: Authority;
  readonly #rotating: RotatingAuthority;
  #signing: CertificateAuthority;
  readonly #options: ClusterAuthorityOptions;
  readonly #retiring = new RetiringRoots({ overlapMs: MAX_LEAF_TTL_MS, limit: MAX_ROOTS_PER_MEMBER });
  readonly #listeners = new Set<() => void>();
  readonly #secrets = new Map<string, AuthorityMaterial | undefined>();
  readonly #lists: readonly FollowedList[];
  /** What was taken up last, or refused: not to be looked at twice. */
  #seen: string;
  #retire: NodeJS.Timeout | undefined;
  #takeOver: NodeJS.Timeout | undefined;

  constructor(api: ApiServer, options: ClusterAuthorityOptions, first: AuthorityMaterial) {
    this.#options = options;
    this.#signing = CertificateAuthority.fromMaterial(first, options);
    this.#rotating = new RotatingAuthority(this.#signing);
    this.authority = this.#rotating;
    this.#seen = fingerprint(first);
    this.#retiring.set(pemsOf(this.#signing), options.now());
    this.#lists = [PLUGGED_SECRET, OWN_SECRET].map((name) => this.#follow(api, name));
  }

  /** PEM of each root that workloads are to believe because of this cluster. */
  get roots(): readonly string[] {
    return this.#retiring.at(this.#options.now());
  }

  /** Calls the listener after each change of the roots. @returns the way to stop that. */
  onRootsChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Begins to follow the Secrets. Does not wait: what was loaded serves. */
  follow(): void {
    for (const list of this.#lists) void list.start();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#retire);
    clearTimeout(this.#takeOver);
    this.#listeners.clear();
    await Promise.all(this.#lists.map((list) => list.stop()));
  }

  #follow(api: ApiServer, name: string): FollowedList {
    const { namespace, log } = this.#options;
    const query = { apiVersion: 'v1', resource: 'secrets', namespace, fieldSelector: `metadata.name=${name}` };
    return new FollowedList(api, query, {
      onChange: (objects) => {
        const secret = objects.get(`${namespace}/${name}`);
        this.#secrets.set(name, secret && readMaterial(secret));
        this.#review();
      },
      onFailure: (reason) => log.warn({ secret: `${namespace}/${name}`, reason }, 'a Secret cannot be read'),
    });
  }

  /** Looks at both Secrets, once both are known: the one that was brought counts first. */
  #review(): void {
    if (this.#secrets.size < this.#lists.length) return;
    const { log, namespace } = this.#options;
    const material = this.#secrets.get(PLUGGED_SECRET) ?? this.#secrets.get(OWN_SECRET);
    if (!material) {
      log.warn(
        { namespace },
        'the Secret of the certificate authority is gone; the one in memory signs on until a restart',
      );
      return;
    }
    const seen = fingerprint(material);
    if (seen === this.#seen) return;
    this.#seen = seen;
    try {
      this.#take(CertificateAuthority.fromMaterial(material, this.#options));
    } catch (error) {
      log.error(
        { reason: error instanceof Error ? error.message : String(error) },
        'the authority from before signs on',
      );
    }
  }

  #take(next: CertificateAuthority): void {
    const { log, now, settleMs = SETTLE_MS } = this.#options;
    // One that has run out signs nothing any more, so there is nothing to wait for.
    const atOnce = this.roots.includes(next.root.pem) || this.#signing.notAfter <= now();
    this.#retiring.set(pemsOf(next), now());
    this.#rootsChanged();
    clearTimeout(this.#takeOver);
    const waitMs = atOnce ? 0 : settleMs;
    log.info({ root: next.root.subject, waitMs }, 'another certificate authority takes over; its root is handed out');
    this.#takeOver = setTimeout(() => {
      log.info({ root: next.root.subject }, 'another certificate authority signs');
      this.#signing = next;
      this.#rotating.replace(next);
    }, waitMs);
    this.#takeOver.unref();
  }

  #rootsChanged(): void {
    const { now } = this.#options;
    clearTimeout(this.#retire);
    const endMs = this.#retiring.nextEndMs(now());
    if (endMs !== undefined) this.#retire = setTimeout(() => this.#rootsChanged(), endMs - now() + 1).unref();
    for (const listener of [...this.#listeners]) listener();
  }
}

/**
 * Reads the cluster's authority, or makes it; several replicas that come at once end with the same.
 * @throws SecurityError where the Secret holds none that can be used, ApiError where it cannot be read or written.
 */
export async function loadClusterAuthority(
  api: ApiServer,
  options: ClusterAuthorityOptions,
): Promise<ClusterAuthority> {
  return new ClusterAuthority(api, options, await readOrCreateMaterial(api, options));
}

function pemsOf(authority: CertificateAuthority): readonly string[] {
  return authority.roots.map(({ pem }) => pem);
}

function fingerprint({ certificatePem, privateKeyPem, chainPem = '', rootsPem = '' }: AuthorityMaterial): string {
  return createHash('sha256').update([certificatePem, privateKeyPem, chainPem, rootsPem].join('\n')).digest('hex');
}
