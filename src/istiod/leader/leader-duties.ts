import type { Logger } from 'pino';
import { type ApiServer, FollowedList } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';

/** Something that one replica does for all: it keeps objects of a cluster up. */
export interface Duty {
  start(): void;
  /** What it writes has changed. */
  refresh?(): void;
  stop(): Promise<void>;
}

/** Istio's annotation of the root namespace of a remote cluster: which clusters' control planes manage it. */
const MANAGED_BY = 'topology.istio.io/controlPlaneClusters';

export interface LeaderDutiesOptions {
  readonly home: ClusterId;
  readonly homeApi: ApiServer;
  readonly namespace: string;
  /** What is to be done in a cluster that is served. */
  readonly dutiesIn: (cluster: ClusterId, api: ApiServer) => readonly Duty[];
  readonly log: Logger;
}

/**
 * What the leader does, in its own cluster and in each remote that says it is to be managed from here. Begins when this
 * replica is elected, ends when it is not any more.
 */
export class LeaderDuties {
  readonly #options: LeaderDutiesOptions;
  readonly #remotes = new Map<ClusterId, ApiServer>();
  readonly #running = new Map<ClusterId, Duty>();
  #leads = false;

  constructor(options: LeaderDutiesOptions) {
    this.#options = options;
  }

  begin(): void {
    this.#leads = true;
    const { home, homeApi, dutiesIn } = this.#options;
    this.#run(home, all(dutiesIn(home, homeApi)));
    for (const [cluster, api] of this.#remotes) this.#run(cluster, this.#whereManaged(cluster, api));
  }

  async end(): Promise<void> {
    this.#leads = false;
    const running = [...this.#running.values()];
    this.#running.clear();
    await Promise.all(running.map((duty) => duty.stop()));
  }

  /** A remote joined, or is read by other credentials. */
  joined(cluster: ClusterId, api: ApiServer): void {
    this.#remotes.set(cluster, api);
    void this.#running.get(cluster)?.stop();
    this.#running.delete(cluster);
    if (this.#leads) this.#run(cluster, this.#whereManaged(cluster, api));
  }

  async left(cluster: ClusterId): Promise<void> {
    this.#remotes.delete(cluster);
    const running = this.#running.get(cluster);
    this.#running.delete(cluster);
    await running?.stop();
  }

  refresh(): void {
    for (const duty of this.#running.values()) duty.refresh?.();
  }

  #run(cluster: ClusterId, duty: Duty): void {
    this.#running.set(cluster, duty);
    duty.start();
  }

  #whereManaged(cluster: ClusterId, api: ApiServer): Duty {
    const { home, namespace, dutiesIn, log } = this.#options;
    let inner: Duty | undefined;
    const list = new FollowedList(
      api,
      { apiVersion: 'v1', resource: 'namespaces', fieldSelector: `metadata.name=${namespace}` },
      {
        keep: ({ metadata }) => isManagedBy(metadata.annotations?.[MANAGED_BY], home),
        onChange: (objects) => {
          const isManaged = objects.get(namespace) === true;
          if (isManaged === (inner !== undefined)) return;
          log.info(
            { cluster },
            isManaged ? 'a remote cluster is managed from here' : 'a remote cluster manages itself',
          );
          const before = inner;
          inner = isManaged ? all(dutiesIn(cluster, api)) : undefined;
          inner?.start();
          void before?.stop();
        },
        onFailure: (reason) =>
          log.warn(
            { cluster, namespace, reason },
            'whether a remote cluster is managed from here cannot be read, so its proxies get no roots from here',
          ),
      },
    );
    return {
      start: () => void list.start(),
      refresh: () => inner?.refresh?.(),
      stop: async () => {
        await list.stop();
        await inner?.stop();
      },
    };
  }
}

function isManagedBy(annotation: string | undefined, home: ClusterId): boolean {
  const names = (annotation ?? '').split(',').map((name) => name.trim());
  return names.includes('*') || names.includes(home);
}

function all(duties: readonly Duty[]): Duty {
  return {
    start: () => {
      for (const duty of duties) duty.start();
    },
    refresh: () => {
      for (const duty of duties) duty.refresh?.();
    },
    stop: async () => {
      await Promise.all(duties.map((duty) => duty.stop()));
    },
  };
}
