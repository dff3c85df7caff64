import type { Logger } from 'pino';
import type { ControlPlane, ControlPlaneMember } from '../../control-plane/index.ts';
import type { ApiServer } from '../../kubernetes-api/index.ts';
import type { ClusterId, NetworkId } from '../../model/index.ts';
import type { TrustBundle } from '../../security/index.ts';
import { KubernetesSource, type SourceState } from '../../sources/index.ts';
import type { LeaderDuties } from '../leader/leader-duties.ts';
import type { IstiodSettings } from '../settings.ts';
import { MemberRoots } from '../trust/member-roots.ts';
import { kubernetesTokenReviewer } from '../trust/token-reviewer.ts';
import { type JoinedMember, type MemberState, RemoteClusters } from './remote-clusters.ts';

export interface MemberOptions {
  readonly cluster: ClusterId;
  readonly api: ApiServer;
  readonly settings: Pick<IstiodSettings, 'cluster' | 'network'>;
  readonly now: () => number;
  readonly onState: (state: MemberState) => void;
}

/**
 * A cluster as a member, read by its API server. Rules count where the control plane is (Istio: primary and remote), Secrets
 * wherever gateways are served. A remote is a network of its own, unless its namespace istio-system says another.
 */
export function clusterMember(options: MemberOptions): ControlPlaneMember {
  const { cluster, api, settings, now, onState } = options;
  const isHome = cluster === settings.cluster;
  return {
    id: cluster,
    network: isHome ? settings.network : (cluster as string as NetworkId),
    source: new KubernetesSource({
      cluster,
      api,
      kinds: isHome ? 'all' : 'registry',
      secrets: true,
      onState: (state) => onState(memberState(state, isHome)),
      now,
    }),
    config: isHome,
    tokens: kubernetesTokenReviewer(api, { cluster, now }),
  };
}

export interface JoiningOptions {
  readonly settings: IstiodSettings;
  readonly plane: ControlPlane;
  readonly trust: TrustBundle;
  readonly duties: LeaderDuties;
  readonly now: () => number;
  readonly log: Logger;
}

/** Remote clusters, joined to the control plane with their roots and what the leader does in them. */
export function joiningClusters(options: JoiningOptions): RemoteClusters {
  const { settings, plane, trust, duties, now, log } = options;
  const joined = (cluster: ClusterId, api: ApiServer): JoinedMember => {
    const roots = new MemberRoots(api, { cluster, namespace: settings.namespace, bundle: trust, now, log });
    let hasRoots = false;
    void roots.start().then(() => {
      hasRoots = true;
    });
    duties.joined(cluster, api);
    return {
      api,
      hasRoots: () => hasRoots,
      leave: async () => {
        await plane.removeMember(cluster);
        await duties.left(cluster);
        await roots.leave();
      },
      release: () => {
        void roots.stop();
        api.close();
      },
    };
  };
  return new RemoteClusters({
    home: settings.cluster,
    join: (cluster, api, onState) => {
      void plane.addMember(clusterMember({ cluster, api, settings, now, onState }));
      return joined(cluster, api);
    },
    rejoin: (cluster, api, onState) => {
      void plane.replaceMember(clusterMember({ cluster, api, settings, now, onState }));
      return joined(cluster, api);
    },
    mark: (cluster, contact) => plane.markMember(cluster, contact),
    lostAfterMs: settings.lostAfterMs,
    now,
    log,
  });
}

/** Secrets of a remote may be read only where its gateways are served from here, so that a refusal is nothing. */
function memberState(state: SourceState, isHome: boolean): MemberState {
  const told = state.problems.filter(({ kind }) => isHome || kind !== 'Secret');
  const problems = told.map(({ kind, error }) => `${kind}: ${error}`);
  const error = 'error' in state && state.error ? [state.error] : [];
  return { kind: state.kind, error: [...error, ...problems].join('; '), isAway: error.length > 0 };
}
