import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PodStatus } from '../embedded/fleet-api.ts';
import { matchPods, parseTarget } from './target.ts';

function pod(name: string, more: Partial<PodStatus> = {}): PodStatus {
  return {
    namespace: 'default',
    name,
    owner: 'deployment/web',
    labels: {},
    phase: 'Running',
    ready: true,
    containers: { ready: 1, total: 1 },
    restarts: 0,
    address: '127.0.0.1',
    proxy: 'none',
    reason: '',
    startedAtMs: 0,
    ...more,
  };
}

test('a target is a kind with pods and a name, or a pod', () => {
  assert.deepEqual(parseTarget('deploy/web'), { kind: 'owner', owner: 'deployment/web' });
  assert.deepEqual(parseTarget('Deployment.apps/web'), { kind: 'owner', owner: 'deployment/web' });
  assert.deepEqual(parseTarget('sts/db'), { kind: 'owner', owner: 'statefulset/db' });
  assert.deepEqual(parseTarget('pod/web-1'), { kind: 'pod', name: 'web-1' });
  assert.deepEqual(parseTarget('web-1'), { kind: 'pod', name: 'web-1' });
  assert.throws(() => parseTarget('service/web'), /names nothing that has pods/);
  assert.throws(() => parseTarget('deployment/'), /names nothing that has pods/);
});

test('the pod that is most likely to answer comes first', () => {
  const pods = [
    pod('a', { phase: 'Terminating' }),
    pod('b', { ready: false, phase: 'CrashLoopBackOff' }),
    pod('c', { ready: false }),
    pod('e'),
    pod('d'),
    pod('other', { namespace: 'elsewhere' }),
    pod('bare', { owner: '' }),
  ];
  const names = matchPods(pods, parseTarget('deployment/web'), 'default').map(({ name }) => name);
  assert.deepEqual(names, ['d', 'e', 'c', 'b', 'a']);
});

test('a pod may carry its namespace in its name, as with istioctl', () => {
  const pods = [pod('web-1', { namespace: 'shop' })];
  assert.equal(matchPods(pods, parseTarget('web-1.shop'), 'default').length, 1);
  assert.equal(matchPods(pods, parseTarget('web-1'), 'default').length, 0);
});
