import type { PodMeta } from './pod.ts';

/** The object of a person's making that a pod belongs to. */
export interface WorkloadRef {
  readonly kind: string;
  readonly name: string;
}

/**
 * A pod's Deployment, StatefulSet, ... Its own references name a ReplicaSet for a Deployment and a Job for a CronJob, so
 * these are told by how Kubernetes names them: `<deployment>-<pod-template-hash>`, `<cronjob>-<minutes since 1970>`.
 * A pod that nothing controls is its own workload.
 */
export function workloadOf(meta: PodMeta): WorkloadRef {
  const controller = meta.ownerReferences?.find((owner) => owner.controller === true);
  if (!controller) return { kind: 'Pod', name: meta.name || (meta.generateName ?? '').replace(/-$/, '') || 'pod' };
  const { kind, name } = controller;
  const hash = meta.labels?.['pod-template-hash'];
  if (kind === 'ReplicaSet' && hash !== undefined && name.endsWith(`-${hash}`)) {
    return { kind: 'Deployment', name: name.slice(0, -hash.length - 1) };
  }
  if (kind === 'Job') {
    const scheduled = /^(.+)-\d{8,10}$/.exec(name)?.[1];
    if (scheduled !== undefined) return { kind: 'CronJob', name: scheduled };
  }
  return { kind, name };
}
