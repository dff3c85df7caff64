import { list, type Plain, plain, textAt } from '../plain.ts';

/** Why something does not come up, and what a person does about it. */
export interface Fault {
  readonly reason: string;
  readonly remedy: string;
  /** Waiting longer would not help by itself. */
  readonly isLasting: boolean;
  /** Whose log says more, where it does. */
  readonly crashed?: { readonly pod: string; readonly container: string };
}

const IMAGE_REASONS = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];

/** What is wrong with a pod that is not ready; undefined where it is only not ready yet. */
export function podFault(pod: Plain): Fault | undefined {
  const name = textAt(pod, 'metadata', 'name') ?? '';
  const status = plain(pod['status']);
  return unschedulable(name, status) ?? containerFaults(name, status)[0];
}

function unschedulable(name: string, status: Plain): Fault | undefined {
  const scheduled = list(status['conditions'])
    .map(plain)
    .find(({ type }) => type === 'PodScheduled');
  if (scheduled?.['status'] !== 'False') return undefined;
  return {
    reason: `no node takes pod ${name}: ${textAt(scheduled, 'message') ?? 'unschedulable'}`,
    remedy:
      'Add a node, free resources, or ask for less (`--set values.pilot.resources.requests.cpu=50m`, `components.….k8s.resources`).',
    isLasting: true,
  };
}

function containerFaults(pod: string, status: Plain): readonly Fault[] {
  const statuses = [...list(status['initContainerStatuses']), ...list(status['containerStatuses'])].map(plain);
  return statuses.flatMap((each) => {
    const waiting = plain(plain(each['state'])['waiting']);
    const reason = textAt(waiting, 'reason');
    return reason === undefined ? [] : (waitingFault({ pod, container: each, reason, waiting }) ?? []);
  });
}

interface Waiting {
  readonly pod: string;
  readonly container: Plain;
  readonly reason: string;
  readonly waiting: Plain;
}

function waitingFault({ pod, container, reason, waiting }: Waiting): Fault | undefined {
  const name = textAt(container, 'name') ?? '';
  const message = textAt(waiting, 'message') ?? '';
  if (IMAGE_REASONS.includes(reason)) {
    const image = textAt(container, 'image') ?? '';
    return {
      reason: `the image ${image} of pod ${pod} cannot be had (${reason}): ${message}`,
      remedy: `Check hub and tag (\`--set hub=… --set tag=…\`), and that the nodes may pull from there (\`values.global.imagePullSecrets\`).`,
      isLasting: reason !== 'ErrImagePull',
    };
  }
  if (reason === 'CrashLoopBackOff') {
    const ended = plain(plain(container['lastState'])['terminated']);
    const how = `exit code ${textAt(ended, 'exitCode') ?? '?'}${ended['reason'] === 'OOMKilled' ? ', out of memory' : ''}`;
    return {
      reason: `container ${name} of pod ${pod} ends again and again (${how})`,
      remedy: 'The last lines of its log stand above; `kubectl logs --previous` has all of them.',
      isLasting: true,
      crashed: { pod, container: name },
    };
  }
  if (/Error$/.test(reason)) {
    return {
      reason: `container ${name} of pod ${pod} cannot start (${reason}): ${message}`,
      remedy: 'Something that the pod refers to is missing or wrong; the reason names it.',
      isLasting: true,
    };
  }
  return undefined;
}

/** Pods that are not even made: a quota, or a webhook that refuses them. */
export function deploymentFault(deployment: Plain): Fault | undefined {
  const conditions = list(plain(deployment['status'])['conditions']).map(plain);
  const failed = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (!failed) return undefined;
  const message = textAt(failed, 'message') ?? '';
  return {
    reason: `its pods cannot be made: ${message}`,
    remedy: /webhook/.test(message)
      ? 'A webhook does not answer, or refuses the pods. Look at the program behind it (`kubectl get mutatingwebhookconfigurations`).'
      : 'The message names the rule of the cluster that stops it (a quota, a policy).',
    isLasting: true,
  };
}

/** Have all pods of the newest template come up, and all others gone? (as `kubectl rollout status`) */
export function isRolledOut(deployment: Plain): boolean {
  const status = plain(deployment['status']);
  const wanted = Number(plain(deployment['spec'])['replicas'] ?? 1);
  const count = (field: string) => Number(status[field] ?? 0);
  return (
    count('observedGeneration') >= Number(textAt(deployment, 'metadata', 'generation') ?? 0) &&
    count('updatedReplicas') >= wanted &&
    count('replicas') <= count('updatedReplicas') &&
    count('availableReplicas') >= count('updatedReplicas')
  );
}
