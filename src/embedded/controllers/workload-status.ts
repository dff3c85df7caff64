import type { ConfigObjectOf } from '../../config/index.ts';
import type { PodView } from './pod-view.ts';

/** The kinds that make pods. */
export type WorkloadKind = 'DaemonSet' | 'Deployment' | 'Job' | 'ReplicaSet' | 'StatefulSet';
export const WORKLOAD_KINDS: readonly WorkloadKind[] = ['DaemonSet', 'Deployment', 'Job', 'ReplicaSet', 'StatefulSet'];
/** Replicas of one workload beyond this are not started: each is a process or two on this machine. */
export const MAX_REPLICAS = 200;

/** What a workload's status is made of. */
export interface WorkloadFacts {
  readonly replicas: number;
  readonly hash: string;
  readonly pods: readonly PodView[];
}

/** The status that Kubernetes' controllers write, by each kind's own field names. */
export function formatWorkloadStatus(
  kind: string,
  { replicas, hash, pods }: WorkloadFacts,
): Readonly<Record<string, unknown>> {
  const living = pods.filter((pod) => !pod.isTerminating);
  const ready = living.filter((pod) => pod.isReady).length;
  const updated = living.filter((pod) => pod.hash === hash).length;
  switch (kind) {
    case 'Job':
      return {
        active: living.filter(({ phase }) => phase !== 'Succeeded' && phase !== 'Failed').length,
        succeeded: pods.filter(({ phase }) => phase === 'Succeeded').length,
        failed: pods.filter(({ phase }) => phase === 'Failed').length,
      };
    case 'DaemonSet':
      return {
        desiredNumberScheduled: replicas,
        currentNumberScheduled: living.length,
        numberReady: ready,
        numberAvailable: ready,
        updatedNumberScheduled: updated,
      };
    default:
      return { replicas: living.length, readyReplicas: ready, availableReplicas: ready, updatedReplicas: updated };
  }
}

/** Are as many pods ready as the workload wants, all of its current template, and none beside them? By its status. */
export function isWorkloadComplete(
  object: ConfigObjectOf<WorkloadKind>,
  status: Readonly<Record<string, unknown>> | undefined,
): boolean {
  if (object.kind === 'Job') return true;
  const ready = status?.['readyReplicas'] ?? status?.['numberReady'];
  const updated = status?.['updatedReplicas'] ?? status?.['updatedNumberScheduled'];
  const replicas = replicasOf(object);
  // A ReplicaSet does not replace pods of an older template.
  return ready === replicas && (updated === replicas || object.kind === 'ReplicaSet');
}

/** How many pods the workload is to have. */
export function replicasOf({ spec }: ConfigObjectOf<WorkloadKind>): number {
  return 'replicas' in spec ? Math.min(spec.replicas, MAX_REPLICAS) : 1;
}
