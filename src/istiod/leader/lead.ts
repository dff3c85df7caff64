import type { Logger } from 'pino';
import type { ControlPlane } from '../../control-plane/index.ts';
import type { ApiServer } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { keepClusterNames } from '../dns/index.ts';
import type { IstiodSettings } from '../settings.ts';
import { StatusWriter } from '../status/status-writer.ts';
import type { ClusterAuthority } from '../trust/cluster-authority.ts';
import { RootPublisher } from '../trust/root-publisher.ts';
import { WebhookCaBundle } from '../trust/webhook-ca-bundle.ts';
import { type Duty, LeaderDuties } from './leader-duties.ts';
import { LeaderElection } from './leader-election.ts';

export interface LeadOptions {
  readonly settings: IstiodSettings;
  readonly authority: ClusterAuthority;
  readonly plane: ControlPlane;
  /** Are proxies and webhooks served? */
  readonly isServing: () => boolean;
  /** Are names served? Not before the members are known: the clusters' DNS would forget those that it has. */
  readonly isNaming: () => boolean;
  /** Have all members been read since this control plane was started? */
  readonly isComplete: () => boolean;
  readonly now: () => number;
  readonly log: Logger;
}

/** Stands for election, and does what one replica does for all while it leads. `stop` gives the lease back. */
export function lead(
  api: ApiServer,
  options: LeadOptions,
): { readonly duties: LeaderDuties; readonly stop: () => Promise<void> } {
  const { settings, authority, log } = options;
  const { cluster, namespace, pod, revision } = settings;
  const duties = new LeaderDuties({
    home: cluster,
    homeApi: api,
    namespace,
    log,
    dutiesIn: (where, of) => dutiesIn(where, of, options),
  });
  const stopRoots = authority.onRootsChange(() => duties.refresh());
  const election = new LeaderElection(api, {
    namespace,
    name: revision ? `istio-leader-${revision}` : 'istio-leader',
    identity: pod,
    onElected: () => duties.begin(),
    onLost: () => void duties.end(),
    log,
  });
  election.start();
  return {
    duties,
    stop: async () => {
      stopRoots();
      await duties.end();
      await election.stop();
    },
  };
}

/** Roots and webhooks wherever proxies are served; objects are told what became of them where they count. */
function dutiesIn(where: ClusterId, api: ApiServer, options: LeadOptions): readonly Duty[] {
  const { settings, authority, plane, isServing, now, log } = options;
  const roots = (): readonly string[] => authority.roots;
  const { mutating, validating } = settings.webhooks;
  const configurations = [
    { kind: 'mutating', name: mutating },
    { kind: 'validating', name: validating },
  ] as const;
  const kept = [
    new RootPublisher(api, { roots, log }),
    new WebhookCaBundle(api, { configurations, roots, isServing, log }),
    namesIn(where, api, options),
  ];
  if (where !== settings.cluster) return kept;
  const status = new StatusWriter(api, {
    objects: () => plane.ownObjects(),
    diagnostics: () => plane.diagnostics(),
    onChange: (listener) => plane.onChange(listener),
    now,
    log,
  });
  return [...kept, status];
}

/** The mesh's names in a cluster's own DNS, from when this control plane knows them. */
function namesIn(cluster: ClusterId, api: ApiServer, options: LeadOptions): Duty {
  const { settings, plane, isNaming, isComplete, now, log } = options;
  const service = { namespace: settings.namespace, name: settings.dnsService };
  let stop: (() => Promise<void>) | undefined;
  const begin = (): void => {
    if (stop || !isNaming()) return;
    stop = keepClusterNames({
      api,
      cluster,
      mesh: plane,
      settings: settings.names,
      service: cluster === settings.cluster ? service : undefined,
      isComplete,
      log,
      now,
    });
  };
  return {
    start: begin,
    refresh: begin,
    stop: async () => {
      await stop?.();
      stop = undefined;
    },
  };
}
