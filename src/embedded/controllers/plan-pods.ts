import { isFinished, type PodView } from './pod-view.ts';

/** What is to be done about the pods of one owner now; what comes after it is planned when that is done. */
export interface PodPlan {
  /** How many new pods of the current template. */
  readonly create: number;
  readonly remove: readonly PodView[];
}

/** What a Deployment (ReplicaSet, DaemonSet) wants. */
export interface ReplicaGoal {
  readonly replicas: number;
  /** The current template's version; undefined: pods of any version will do (ReplicaSet). */
  readonly hash: string | undefined;
}

/**
 * A Deployment's next step: a rolling update with maxSurge 1 and maxUnavailable 0 (Kubernetes rounds its 25 % for small
 * numbers to just that): a new pod is ready before an old one goes.
 */
export function planReplicas({ replicas, hash }: ReplicaGoal, pods: readonly PodView[]): PodPlan {
  const living = pods.filter((pod) => !pod.isTerminating && !isFinished(pod));
  const finished = pods.filter((pod) => !pod.isTerminating && isFinished(pod));
  const current = living.filter((pod) => hash === undefined || pod.hash === hash);
  const old = living.filter((pod) => !current.includes(pod));
  if (old.length === 0) {
    const surplus = current.length - replicas;
    return {
      create: Math.max(-surplus, 0),
      remove: [...finished, ...(surplus > 0 ? leastUseful(current).slice(0, surplus) : [])],
    };
  }
  const readyCurrent = current.filter((pod) => pod.isReady).length;
  const unreadyOld = old.filter((pod) => !pod.isReady);
  const readyOld = old.filter((pod) => pod.isReady);
  const spare = Math.max(readyCurrent + readyOld.length - replicas, 0);
  const remove = [...unreadyOld, ...leastUseful(readyOld).slice(0, spare)];
  const staying = living.length - remove.length;
  const room = replicas + 1 - staying;
  return { create: Math.max(Math.min(room, replicas - current.length), 0), remove: [...finished, ...remove] };
}

/** Those that are missed least first: not ready before ready, young before old (Kubernetes: ActivePods). */
function leastUseful(pods: readonly PodView[]): readonly PodView[] {
  return pods.toSorted((a, b) => Number(a.isReady) - Number(b.isReady) || b.createdAtMs - a.createdAtMs);
}

/** What is to be done about a StatefulSet's pods now. */
export interface OrdinalPlan {
  /** Ordinals of new pods: `name-0`. */
  readonly create: readonly number[];
  readonly remove: readonly PodView[];
}

/** What a StatefulSet wants. */
export interface OrdinalGoal {
  readonly name: string;
  readonly replicas: number;
  readonly hash: string;
  readonly isParallel: boolean;
}

/**
 * A StatefulSet's next step (Kubernetes: OrderedReady): pods come in the order of their ordinals, each when the one
 * before is ready; they go, and are replaced by a new template's, from the last to the first, one at a time.
 */
export function planOrdinals(goal: OrdinalGoal, pods: readonly PodView[]): OrdinalPlan {
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(goal.name, pod.name), pod]));
  const surplus = pods.filter((pod) => !(ordinalOf(goal.name, pod.name) < goal.replicas));
  const create: number[] = [];
  for (let ordinal = 0; ordinal < goal.replicas; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (!pod) create.push(ordinal);
    const isBlocking = pod === undefined || !pod.isReady || pod.isTerminating;
    if (!isBlocking || goal.isParallel) continue;
    // One that never became ready would block the better template for ever (Kubernetes: "forced rollback" by hand).
    const isOutdated = pod !== undefined && !pod.isTerminating && pod.hash !== goal.hash;
    return { create, remove: isOutdated ? [pod] : [] };
  }
  const isMoving = pods.some((pod) => pod.isTerminating);
  if (create.length > 0 || (isMoving && !goal.isParallel)) return { create, remove: [] };
  const doomed = surplus.length > 0 ? surplus : pods.filter((pod) => pod.hash !== goal.hash);
  const ordered = doomed
    .filter((pod) => !pod.isTerminating)
    .toSorted((a, b) => ordinalOf(goal.name, b.name) - ordinalOf(goal.name, a.name));
  return { create, remove: goal.isParallel && surplus.length > 0 ? ordered : ordered.slice(0, 1) };
}

/** 2 for `db-2`; NaN where the name is none of the set's. */
function ordinalOf(owner: string, name: string): number {
  return name.startsWith(`${owner}-`) ? Number(name.slice(owner.length + 1) || Number.NaN) : Number.NaN;
}

/** What a Job wants. */
export interface JobGoal {
  readonly completions: number;
  readonly parallelism: number;
  readonly backoffLimit: number;
}

/** A Job's next step: pods until enough have succeeded or too many have failed (Kubernetes: Job). */
export function planJob({ completions, parallelism, backoffLimit }: JobGoal, pods: readonly PodView[]): PodPlan {
  const succeeded = pods.filter(({ phase }) => phase === 'Succeeded').length;
  const failed = pods.filter(({ phase }) => phase === 'Failed').length;
  const active = pods.filter((pod) => !isFinished(pod)).length;
  if (failed > backoffLimit) return { create: 0, remove: [] };
  return { create: Math.max(Math.min(parallelism, completions - succeeded) - active, 0), remove: [] };
}
