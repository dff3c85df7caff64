import type { Logger } from 'pino';
import { type ApiServer, createApiServer, parseRemoteKubeconfig } from '../../kubernetes-api/index.ts';
import type { Contact } from '../../mesh/index.ts';
import { type ClusterId, parseClusterId } from '../../model/index.ts';

/** What the source of a member says of itself. */
export interface MemberState {
  readonly kind: 'syncing' | 'synced' | 'stale';
  /** What is wrong, in words; empty where nothing is. A member that is read may lack a kind that we may not read. */
  readonly error: string;
  /** Does it not answer now? */
  readonly isAway: boolean;
}

/** A remote cluster as one line of `istioctl remote-clusters`. */
export interface RemoteClusterStatus {
  readonly cluster: string;
  /** `namespace/name` of the Secret that holds its kubeconfig. */
  readonly secret: string;
  readonly state: MemberState['kind'] | 'lost' | 'refused';
  /** Why, in words; empty where all is well. */
  readonly reason: string;
  readonly sinceMs: number;
}

/** Secrets with kubeconfigs: Secret's name to cluster's name to text. */
export type RemoteSecrets = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** A member that is read. */
export interface JoinedMember {
  readonly api: ApiServer;
  /** Were its roots read once? */
  hasRoots(): boolean;
  /** Takes the cluster out of the mesh. */
  leave(): Promise<void>;
  /** Ends what goes on with these credentials: others take their place, and the cluster stays. */
  release(): void;
}

export interface RemoteClustersOptions {
  /** The cluster that this control plane is in: no secret may speak for it. */
  readonly home: ClusterId;
  /** Takes a cluster in, or reads it by other credentials; what is known of it stays meanwhile. Must not wait for it. */
  readonly join: (cluster: ClusterId, api: ApiServer, onState: (state: MemberState) => void) => JoinedMember;
  readonly rejoin: (cluster: ClusterId, api: ApiServer, onState: (state: MemberState) => void) => JoinedMember;
  readonly mark: (cluster: ClusterId, contact: Contact) => void;
  /** From then on endpoints of a cluster that cannot be asked are not used any more, in milliseconds. */
  readonly lostAfterMs: number;
  readonly now: () => number;
  readonly log: Logger;
}

interface Remote {
  readonly cluster: ClusterId;
  secret: string;
  kubeconfig: string;
  member: JoinedMember;
  /** Has it been read, by whatever credentials? Then its endpoints are in use. */
  wasRead: boolean;
  contact: Contact;
  state: RemoteClusterStatus['state'];
  reason: string;
  sinceMs: number;
  lostTimer: NodeJS.Timeout | undefined;
}

/**
 * The clusters that remote secrets name (Istio: multicluster, `istio/multiCluster=true`), joined, read anew and left as the
 * secrets change. A secret that cannot be used is said so and takes nothing away that worked.
 */
export class RemoteClusters {
  readonly #options: RemoteClustersOptions;
  readonly #remotes = new Map<ClusterId, Remote>();
  #refused: ReadonlyMap<string, RemoteClusterStatus> = new Map();
  #work: Promise<void> = Promise.resolve();
  #isTold = false;

  constructor(options: RemoteClustersOptions) {
    this.#options = options;
  }

  list(): readonly RemoteClusterStatus[] {
    const joined = [...this.#remotes.values()].map(({ cluster, secret, state, reason, sinceMs }) => ({
      cluster,
      secret,
      state,
      reason,
      sinceMs,
    }));
    return [...joined, ...this.#refused.values()].sort((a, b) => (a.cluster < b.cluster ? -1 : 1));
  }

  /** The API servers of the clusters that are read. */
  apis(): ReadonlyMap<ClusterId, ApiServer> {
    return new Map([...this.#remotes].map(([cluster, { member }]) => [cluster, member.api]));
  }

  /** Has every cluster been read that can be? Those that were lost are waited for no more. */
  isComplete(): boolean {
    return this.#isTold && [...this.#remotes.values()].every(({ state }) => state !== 'syncing');
  }

  /** The same, and their roots. */
  isSettled(): boolean {
    return this.isComplete() && [...this.#remotes.values()].every(({ member }) => member.hasRoots());
  }

  /** Makes the members what the secrets say; one change after the other. Never rejects. */
  apply(secrets: RemoteSecrets): Promise<void> {
    this.#work = this.#work.then(() => this.#apply(secrets));
    return this.#work;
  }

  async stop(): Promise<void> {
    await this.apply(new Map());
  }

  async #apply(secrets: RemoteSecrets): Promise<void> {
    const before = this.#refused;
    this.#refused = new Map();
    const wanted = this.#read(secrets);
    this.#isTold = true;
    for (const [cluster, remote] of [...this.#remotes]) {
      if (!wanted.has(cluster)) await this.#leave(remote);
    }
    for (const [cluster, { secret, kubeconfig }] of wanted) {
      const known = this.#remotes.get(cluster);
      if (known?.kubeconfig !== kubeconfig) this.#join({ cluster, secret, kubeconfig }, known);
      else known.secret = secret;
    }
    this.#tellRefused(before);
  }

  /** Each secret is read anew whenever one changes; what is told is news. */
  #tellRefused(before: ReadonlyMap<string, RemoteClusterStatus>): void {
    const all = [...this.#refused].map(([key, status]) => {
      const known = before.get(key);
      return [key, known?.reason === status.reason ? known : status] as const;
    });
    this.#refused = new Map(all);
    for (const [key, status] of all) {
      const { cluster, secret, reason } = status;
      if (before.get(key) !== status) {
        this.#options.log.warn({ cluster, secret }, `a remote secret is not used: ${reason}`);
      }
    }
  }

  /** Of two secrets for one cluster the first by name counts. */
  #read(secrets: RemoteSecrets): ReadonlyMap<ClusterId, { readonly secret: string; readonly kubeconfig: string }> {
    const wanted = new Map<ClusterId, { readonly secret: string; readonly kubeconfig: string }>();
    for (const [secret, clusters] of [...secrets].sort(([a], [b]) => (a < b ? -1 : 1))) {
      for (const [name, kubeconfig] of Object.entries(clusters)) {
        const cluster = parseClusterId(name);
        const fault = this.#faultOf(name, cluster, wanted);
        if (cluster && fault === undefined) wanted.set(cluster, { secret, kubeconfig });
        else this.#refuse(name, secret, fault ?? '');
      }
    }
    return wanted;
  }

  #faultOf(
    name: string,
    cluster: ClusterId | undefined,
    wanted: ReadonlyMap<ClusterId, { readonly secret: string }>,
  ): string | undefined {
    if (!cluster) return `"${name}" is no cluster's name: it has to be one DNS label, as it is part of host names`;
    if (cluster === this.#options.home) return 'it is the name of the cluster that this control plane is in';
    const other = wanted.get(cluster);
    return other && `the secret ${other.secret} speaks for this cluster already`;
  }

  #refuse(cluster: string, secret: string, reason: string): void {
    const status = { cluster, secret, state: 'refused', reason, sinceMs: this.#options.now() } as const;
    this.#refused = new Map([...this.#refused, [`${secret} ${cluster}`, status]]);
  }

  #join(of: Pick<Remote, 'cluster' | 'secret' | 'kubeconfig'>, known: Remote | undefined): void {
    const { cluster, secret } = of;
    const { log, now, join, rejoin } = this.#options;
    const read = parseRemoteKubeconfig(of.kubeconfig);
    if (read.kind === 'refused') {
      this.#refuse(cluster, secret, `its kubeconfig cannot be used: ${read.reason}`);
      return;
    }
    const api = createApiServer(read.access);
    log.info(
      { cluster, secret, server: api.url },
      known ? 'a remote cluster is read by other credentials' : 'a remote cluster is joined',
    );
    const onState = (state: MemberState): void => this.#stateChanged(cluster, state);
    const member = (known ? rejoin : join)(cluster, api, onState);
    if (known) {
      known.member.release();
      const state = known.state === 'synced' ? 'syncing' : known.state;
      Object.assign(known, { ...of, member, state, reason: '', sinceMs: now() } satisfies Partial<Remote>);
      return;
    }
    const fresh = { wasRead: false, contact: 'live', state: 'syncing', reason: '' } as const;
    this.#remotes.set(cluster, { ...of, member, ...fresh, sinceMs: now(), lostTimer: undefined });
  }

  async #leave(remote: Remote): Promise<void> {
    const { cluster, secret } = remote;
    this.#options.log.info({ cluster, secret }, 'a remote cluster leaves: its secret has gone');
    clearTimeout(remote.lostTimer);
    this.#remotes.delete(cluster);
    try {
      await remote.member.leave();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.log.error({ cluster, reason }, 'a remote cluster has left, but not all that was done for it ended');
    }
    remote.member.release();
  }

  #stateChanged(cluster: ClusterId, state: MemberState): void {
    // A source may speak while it is being joined.
    queueMicrotask(() => {
      const remote = this.#remotes.get(cluster);
      if (remote) this.#setState(remote, state);
    });
  }

  #setState(remote: Remote, { kind, error: reason, isAway }: MemberState): void {
    const { mark, now, log } = this.#options;
    const { cluster } = remote;
    // Credentials that do not work leave a cluster whose endpoints are in use no less out of reach.
    const isOutOfReach = kind === 'stale' || (isAway && remote.wasRead);
    const state = !isOutOfReach ? kind : remote.contact === 'lost' ? 'lost' : 'stale';
    if (remote.state === state && remote.reason === reason) return;
    if (remote.state !== state) remote.sinceMs = now();
    remote.state = state;
    remote.reason = reason;
    remote.wasRead ||= kind !== 'syncing';
    if (isOutOfReach) this.#outOfReach(remote);
    else if (kind === 'synced') {
      clearTimeout(remote.lostTimer);
      remote.lostTimer = undefined;
      remote.contact = 'live';
      log.info({ cluster }, 'a remote cluster is read');
      mark(cluster, 'live');
    } else if (isAway) log.warn({ cluster, reason }, 'a remote cluster cannot be read yet');
  }

  #outOfReach(remote: Remote): void {
    const { mark, log, lostAfterMs } = this.#options;
    const { cluster, reason } = remote;
    if (remote.contact === 'lost') return;
    log.warn({ cluster, reason }, 'a remote cluster cannot be asked; its endpoints are used where there are no others');
    if (remote.contact === 'live') mark(cluster, 'stale');
    remote.contact = 'stale';
    remote.lostTimer ??= setTimeout(() => this.#lost(remote), lostAfterMs).unref();
  }

  #lost(remote: Remote): void {
    const { mark, log, now } = this.#options;
    if (this.#remotes.get(remote.cluster) !== remote) return;
    remote.contact = 'lost';
    remote.state = 'lost';
    remote.sinceMs = now();
    log.warn(
      { cluster: remote.cluster },
      'a remote cluster has not been heard of for long; its endpoints are not used any more',
    );
    mark(remote.cluster, 'lost');
  }
}
