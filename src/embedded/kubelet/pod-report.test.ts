import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodView } from '../controllers/pod-view.ts';
import type { ContainerState } from './container-state.ts';
import { formatPodStatus, isPodReady, type PodReport, phaseOf, podStatusOf, reasonOf } from './pod-report.ts';

function container(over: Partial<ContainerState> = {}): ContainerState {
  return { name: 'web', phase: 'running', isReady: true, restarts: 0, reason: '', startedAtMs: 1, ...over };
}

function report(containers: readonly ContainerState[], obstacle = ''): PodReport {
  return { address: '127.1.1.1', containers, obstacle, startedAtMs: 0 };
}

const PROXY = container({ name: 'istio-proxy' });
const POD = { name: 'web-0', namespace: 'default', labels: {}, proxy: 'sidecar' } as unknown as PodView;

test('ready is who has all containers ready; the reason names the others', () => {
  assert.equal(isPodReady(report([container(), PROXY])), true);
  const starting = report([container(), { ...PROXY, isReady: false, reason: 'Envoy waits for its listeners' }]);
  assert.equal(isPodReady(starting), false);
  assert.equal(reasonOf(starting), 'istio-proxy: Envoy waits for its listeners');
});

test('a pod is over when its applications are, whatever its sidecar does', () => {
  assert.equal(phaseOf(report([container({ phase: 'succeeded', isReady: false }), PROXY])), 'Succeeded');
  assert.equal(phaseOf(report([container({ phase: 'failed', isReady: false }), PROXY])), 'Failed');
  assert.equal(phaseOf(report([PROXY])), 'Running');
  assert.equal(phaseOf(report([container({ phase: 'waiting' })])), 'Pending');
  assert.equal(phaseOf(report([container()], 'there is no Secret x')), 'Pending');
});

test('what keeps ending shows as CrashLoopBackOff', () => {
  const crashing = report([
    container({ phase: 'crashed', isReady: false, restarts: 2, reason: 'it ended (exit code 1)' }),
  ]);
  const status = podStatusOf(POD, crashing);
  assert.deepEqual(
    [status.phase, status.ready, status.restarts, status.reason],
    ['CrashLoopBackOff', false, 2, 'web: it ended (exit code 1)'],
  );
  const [first] = formatPodStatus(crashing)['containerStatuses'] as { state: unknown }[];
  assert.deepEqual(first?.state, { waiting: { reason: 'CrashLoopBackOff', message: 'it ended (exit code 1)' } });
});

test('a pod on its way out says so and is not ready', () => {
  const status = podStatusOf({ ...POD, isTerminating: true }, report([container(), PROXY]));
  assert.deepEqual([status.phase, status.ready], ['Terminating', false]);
});
