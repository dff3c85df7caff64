import type { Logger } from 'pino';
import { type ApiServer, FollowedList, resourcePath } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { StatusWriter, type StatusWriterOptions } from '../status/status-writer.ts';
import { RootPublisher } from '../trust/root-publisher.ts';
import { WebhookCaBundle } from '../trust/webhook-ca-bundle.ts';
import { LeaderElection, type LeaseTimes } from './leader-election.ts';

/**
 * Istio's annotation on the root namespace of a cluster without a control plane of its own: the clusters, with commas between
 * them, or `*`, whose control planes may serve it. A cluster that does not say so is another primary, and looks after itself.
 */
export const CONTROL_PLANE_CLUSTERS = 'topology.istio.io/controlPlaneClusters';

export interface ClusterUpkeepOptions {
  /** Whose upkeep it is. */
  readonly cluster: ClusterId;
  /** Where this control plane is. */
  readonly home: ClusterId;
  /** The root namespace. */
  readonly namespace: string;
  /** Of this control plane; empty for the default one. */
  readonly revision: string;
  /** The pod's name. */
  readonly identity: string;
  /** PEM of each root that proxies and API servers are to believe this control plane by. */
  readonly roots: () => readonly string[];
  /** For the own cluster: what its objects are told. */
  readonly status?: Pick<StatusWriterOptions, 'objects' | 'diagnostics'>;
  readonly now: () => number;
  readonly log: Logger;
  readonly times?: LeaseTimes;
}

interface Duties {
  readonly roots: RootPublisher;
  readonly webhooks: WebhookCaBundle;
  readonly status: StatusWriter | undefined;
}

/**
 * What one replica writes into a cluster that is served: roots into its namespaces, the caBundle of its webhooks, and in the
 * own cluster the status of objects. Who does so is elected in that very cluster, so that two primaries that serve the same
 * remote do not undo each other's work.
 */
export class ClusterUpkeep {
  readonly #api: ApiServer;
  readonly #options: ClusterUpkeepOptions;
  readonly #permission: FollowedList<boolean> | undefined;
  #election: LeaderElection | undefined;
  #duties: Duties | undefined;
  /** One change after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(api: ApiServer, options: ClusterUpkeepOptions) {
    this.#api = api;
    this.#options = options;
    if (options.cluster !== options.home) this.#permission = this.#followPermission();
  }

  get isLeader(): boolean {
    return this.#election?.isLeader ?? false;
  }

  /** Begins; does not wait for the cluster. */
  start(): void {
    if (this.#permission) void this.#permission.start();
    else this.#run(true);
  }

  /** The roots are others now. */
  rootsChanged(): void {
    this.#duties?.roots.refresh();
    this.#duties?.webhooks.refresh();
  }

  /** Objects of the own cluster changed, or what proxies say. */
  objectsChanged(): void {
    this.#duties?.status?.notify();
  }

  async stop(): Promise<void> {
    await this.#permission?.stop();
    this.#run(false);
    await this.#work;
  }

  #followPermission(): FollowedList<boolean> {
    const { cluster, home, namespace, log } = this.#options;
    const query = {
      path: resourcePath({ apiVersion: 'v1', resource: 'namespaces' }),
      fieldSelector: `metadata.name=${namespace}`,
    };
    return new FollowedList(this.#api, query, {
      keep: ({ metadata }) => mayServe(metadata.annotations?.[CONTROL_PLANE_CLUSTERS], home),
      onChange: (found) => this.#run(found.get(namespace) === true),
      onFailure: ({ message }) => log.warn({ cluster, reason: message }, 'whether a cluster is served cannot be read'),
    });
  }

  /** Stands for election, or does so no more. */
  #run(wanted: boolean): void {
    this.#work = this.#work.then(async () => {
      if (wanted === (this.#election !== undefined)) return;
      const { cluster, log } = this.#options;
      log.info({ cluster }, wanted ? 'a cluster is served' : 'a cluster is served no more');
      if (wanted) {
        this.#election = this.#stand();
        this.#election.start();
        return;
      }
      const election = this.#election;
      this.#election = undefined;
      // The duties end before the lease is given back.
      await this.#rest();
      await election?.stop();
    });
  }

  #stand(): LeaderElection {
    const { namespace, revision, home, identity, log, times } = this.#options;
    return new LeaderElection(this.#api, {
      namespace,
      name: revision ? `pelagos-leader-${revision}` : 'pelagos-leader',
      identity: `${home}/${identity}`,
      onElected: () => this.#begin(),
      onLost: () => void this.#rest(),
      log,
      ...(times ? { times } : {}),
    });
  }

  #begin(): void {
    const { namespace, revision, roots, log, status, now } = this.#options;
    const suffix = revision ? `-${revision}` : '';
    this.#duties = {
      roots: new RootPublisher(this.#api, { roots, log }),
      webhooks: new WebhookCaBundle(this.#api, {
        configurations: [
          { kind: 'mutating', name: `istio-sidecar-injector${suffix}` },
          { kind: 'validating', name: `istio-validator${suffix}-${namespace}` },
        ],
        roots,
        log,
      }),
      status: status && new StatusWriter(this.#api, { ...status, now, log }),
    };
    this.#duties.roots.start();
    this.#duties.webhooks.start();
    this.#duties.status?.notify();
  }

  async #rest(): Promise<void> {
    const duties = this.#duties;
    this.#duties = undefined;
    await Promise.all([duties?.roots.stop(), duties?.webhooks.stop(), duties?.status?.stop()]);
  }
}

function mayServe(annotation: string | undefined, home: ClusterId): boolean {
  const clusters = (annotation ?? '').split(',').map((name) => name.trim());
  return clusters.includes('*') || clusters.includes(home);
}
