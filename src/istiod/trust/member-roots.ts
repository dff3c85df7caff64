import type { Logger } from 'pino';
import { type ApiServer, FollowedList } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import {
  MAX_LEAF_TTL_MS,
  MAX_ROOTS_PER_MEMBER,
  RetiringRoots,
  splitCertificatePems,
  type TrustBundle,
} from '../../security/index.ts';
import { ROOTS_CONFIG_MAP, ROOTS_KEY } from './root-publisher.ts';

/** Far above eight RSA roots. */
const MAX_PEM_BYTES = 256 * 1024;

export interface MemberRootsOptions {
  readonly cluster: ClusterId;
  /** The member's root namespace. */
  readonly namespace: string;
  readonly bundle: TrustBundle;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Keeps the roots of another member in the mesh's trust bundle, as its own control plane publishes them. Its certificates are
 * never copied by hand. A root that it replaces is believed until what it has signed has run out; what is no root, or of
 * another trust domain, is not taken, and those from before stay.
 */
export class MemberRoots {
  readonly #options: MemberRootsOptions;
  readonly #retiring = new RetiringRoots({ overlapMs: MAX_LEAF_TTL_MS, limit: MAX_ROOTS_PER_MEMBER });
  readonly #list: FollowedList<string>;
  #retire: NodeJS.Timeout | undefined;

  constructor(api: ApiServer, options: MemberRootsOptions) {
    this.#options = options;
    const { namespace, cluster, bundle, now, log } = options;
    // Read by other credentials before: a root that was replaced meanwhile has signed what still runs.
    this.#retiring.set(
      (bundle.members.get(cluster) ?? []).map(({ pem }) => pem),
      now(),
    );
    this.#list = new FollowedList(
      api,
      { apiVersion: 'v1', resource: 'configmaps', namespace, fieldSelector: `metadata.name=${ROOTS_CONFIG_MAP}` },
      {
        keep: (object) => String((object['data'] as Readonly<Record<string, unknown>> | undefined)?.[ROOTS_KEY] ?? ''),
        onChange: (objects) => this.#take(objects.get(`${namespace}/${ROOTS_CONFIG_MAP}`) ?? ''),
        onFailure: (reason) => log.warn({ cluster, reason }, 'the roots of a member cannot be read'),
      },
    );
  }

  /** Begins. Resolves when they were read once, which may be never: do not wait for a member. */
  start(): Promise<void> {
    return this.#list.start();
  }

  /** Reads no more; what is believed stays. */
  async stop(): Promise<void> {
    clearTimeout(this.#retire);
    await this.#list.stop();
  }

  /** The member is none any more: to be called when nothing leads to its workloads. */
  async leave(): Promise<void> {
    await this.stop();
    this.#options.bundle.remove(this.#options.cluster);
  }

  #take(pem: string): void {
    const { cluster, now, log } = this.#options;
    const roots = pem.length > MAX_PEM_BYTES ? [] : splitCertificatePems(pem);
    if (roots.length === 0) {
      log.info({ cluster }, 'a member publishes no root (yet)');
      return;
    }
    const believed = [...new Set([...roots, ...this.#retiring.at(now())])].slice(0, MAX_ROOTS_PER_MEMBER);
    try {
      this.#options.bundle.set(cluster, believed);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.error({ cluster, reason }, 'a root of a member is not taken; those from before stay');
      return;
    }
    // What was refused must not be remembered as one of those from before.
    this.#retiring.set(roots, now());
    this.#armRetirement();
  }

  #armRetirement(): void {
    const { cluster, bundle, now } = this.#options;
    clearTimeout(this.#retire);
    const endMs = this.#retiring.nextEndMs(now());
    if (endMs === undefined) return;
    this.#retire = setTimeout(
      () => {
        // Only known roots are left, which are not refused.
        bundle.set(cluster, this.#retiring.at(now()));
        this.#armRetirement();
      },
      endMs - now() + 1,
    ).unref();
  }
}
