import type { PodView } from '../controllers/pod-view.ts';
import type { PodStatus } from '../fleet-api.ts';
import { formatTime } from '../store/stored-object.ts';
import type { ContainerState } from './container-state.ts';

/** What a worker knows of its pod. */
export interface PodReport {
  readonly address: string;
  readonly containers: readonly ContainerState[];
  /** Why nothing is started yet; empty where nothing stands in the way. */
  readonly obstacle: string;
  readonly startedAtMs: number;
}

export type PodPhase = 'Pending' | 'Running' | 'Succeeded' | 'Failed';

/** Kubernetes' phase of a pod: by its application containers; a sidecar's end is no end of the pod. */
export function phaseOf({ containers, obstacle }: PodReport): PodPhase {
  const apps = containers.filter(({ name }) => name !== 'istio-proxy');
  if (obstacle !== '' || containers.length === 0 || containers.some(({ phase }) => phase === 'waiting'))
    return 'Pending';
  const areEnded = apps.length > 0 && apps.every(({ phase }) => phase === 'succeeded' || phase === 'failed');
  if (!areEnded) return 'Running';
  return apps.some(({ phase }) => phase === 'failed') ? 'Failed' : 'Succeeded';
}

/** Ready: every container of the pod is. */
export function isPodReady(report: PodReport): boolean {
  return phaseOf(report) === 'Running' && report.containers.every(({ isReady }) => isReady);
}

/** Why a pod is not ready, in words; empty when it is. */
export function reasonOf(report: PodReport): string {
  if (report.obstacle !== '') return report.obstacle;
  if (isPodReady(report) || phaseOf(report) === 'Succeeded') return '';
  const waiting = report.containers.filter(({ isReady, phase }) => !isReady && phase !== 'succeeded');
  return waiting.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
}

/** The `status` of the Pod object, by Kubernetes' field names. */
export function formatPodStatus(report: PodReport): Readonly<Record<string, unknown>> {
  const { address, containers, startedAtMs } = report;
  const isReady = isPodReady(report);
  const message = reasonOf(report);
  const condition = (type: string): object => ({
    type,
    status: isReady ? 'True' : 'False',
    ...(message === '' ? {} : { reason: 'ContainersNotReady', message }),
  });
  return {
    phase: phaseOf(report),
    ...(address === '' ? {} : { podIP: address, podIPs: [{ ip: address }], hostIP: '127.0.0.1' }),
    startTime: formatTime(startedAtMs),
    conditions: [
      { type: 'PodScheduled', status: 'True' },
      { type: 'Initialized', status: 'True' },
      condition('ContainersReady'),
      condition('Ready'),
    ],
    containerStatuses: containers.map((container) => ({
      name: container.name,
      ready: container.isReady,
      restartCount: container.restarts,
      state: stateOf(container),
    })),
  };
}

function stateOf({ phase, reason, startedAtMs }: ContainerState): object {
  switch (phase) {
    case 'waiting':
      return { waiting: { reason: 'ContainerCreating', message: reason } };
    case 'crashed':
      return { waiting: { reason: 'CrashLoopBackOff', message: reason } };
    case 'succeeded':
      return { terminated: { reason: 'Completed', exitCode: 0 } };
    case 'failed':
      return { terminated: { reason: 'Error', message: reason } };
    case 'running':
      return { running: startedAtMs === 0 ? {} : { startedAt: formatTime(startedAtMs) } };
  }
}

/** What the control socket says of a pod. */
export function podStatusOf(pod: PodView, report: PodReport): PodStatus {
  const { containers } = report;
  const phase = phaseOf(report);
  const isCrashing = phase === 'Running' && containers.some((container) => container.phase === 'crashed');
  return {
    namespace: pod.namespace,
    name: pod.name,
    owner: pod.owner ? `${pod.owner.kind.toLowerCase()}/${pod.owner.name}` : '',
    labels: pod.labels,
    phase: pod.isTerminating ? 'Terminating' : isCrashing ? 'CrashLoopBackOff' : phase,
    ready: isPodReady(report) && !pod.isTerminating,
    containers: { ready: containers.filter(({ isReady }) => isReady).length, total: Math.max(containers.length, 1) },
    restarts: containers.reduce((sum, { restarts }) => sum + restarts, 0),
    address: report.address,
    proxy: pod.proxy ?? 'none',
    reason: pod.isTerminating ? 'it is being removed' : reasonOf(report),
    startedAtMs: report.startedAtMs,
  };
}
