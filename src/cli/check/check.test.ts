import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAuthorityMaterial } from '../../security/index.ts';
import { CHECKS } from './all-checks.ts';
import { judgeCertificates } from './certificate-verdict.ts';
import { nameSome } from './check.ts';
import { judgeVersion } from './cluster-checks.ts';
import { whyNot } from './control-plane-checks.ts';

const DAY_MS = 86_400_000;

test('versions of Kubernetes', () => {
  assert.equal(judgeVersion('v1.37.2').kind, 'ok');
  assert.equal(judgeVersion('v1.30.1-gke.100').kind, 'ok');
  assert.deepEqual(judgeVersion('v1.29.9'), { kind: 'failure', problem: 'it is v1.29.9' });
  assert.equal(judgeVersion('').kind, 'warning');
});

test('certificates are judged by the one that lives the longest', () => {
  const nowMs = Date.UTC(2030, 0, 1);
  const root = (fromDays: number, toDays: number): string =>
    createAuthorityMaterial(
      {
        trustDomain: 'cluster.local',
        cluster: 'c',
        nowMs: nowMs + fromDays * DAY_MS,
        ttlMs: (toDays - fromDays) * DAY_MS,
      },
      'test',
    ).certificatePem;
  assert.deepEqual(judgeCertificates(root(-1, 365), nowMs), { kind: 'ok', seen: 'until 2031-01-01' });
  assert.deepEqual(judgeCertificates(root(-1, 9), nowMs), {
    kind: 'warning',
    problem: 'it ends on 2030-01-10, in 9 days',
  });
  assert.equal(judgeCertificates(root(-9, -1) + root(-1, 365), nowMs).kind, 'ok');
  assert.match(JSON.stringify(judgeCertificates(root(-9, -1), nowMs)), /it ended on 2029-12-31/);
  assert.match(JSON.stringify(judgeCertificates(root(1, 9), nowMs)), /not valid yet/);
  assert.equal(judgeCertificates('nothing', nowMs).kind, 'failure');
});

test('why a pod is not ready', () => {
  const waiting = { state: { waiting: { reason: 'ImagePullBackOff' } } };
  const pod = (status: unknown): never => ({ metadata: { name: 'a' }, status }) as never;
  assert.equal(whyNot(pod({ phase: 'Pending', containerStatuses: [waiting] })), 'ImagePullBackOff');
  const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' };
  assert.equal(whyNot(pod({ phase: 'Pending', conditions: [unscheduled] })), '0/1 nodes are available');
  assert.equal(whyNot(pod({ phase: 'Running' })), 'Running');
});

test('names are bounded, checks have names of their own', () => {
  assert.equal(nameSome(['a', 'b', 'c', 'd', 'e', 'f', 'g']), 'a, b, c, d, e and 2 more');
  assert.equal(new Set(CHECKS.map(({ id }) => id)).size, CHECKS.length);
});

test('a proxy of another cluster is not taken for one of this cluster with the same name', async () => {
  const pod = (name: string): object => ({
    metadata: { name, namespace: 'default' },
    spec: { initContainers: [{ name: 'istio-proxy' }] },
    status: { phase: 'Running' },
  });
  const proxy = (cluster: string, name: string): object => ({ cluster, namespace: 'default', pod: name, types: {} });
  const members = [
    { cluster: 'cluster1', secret: '', state: 'synced', reason: '' },
    { cluster: 'cluster2', secret: 'istio-system/a', state: 'synced', reason: '' },
  ];
  const facts = {
    isRemote: async () => false,
    members: async () => [{ istiod: 'istiod-1', revision: 'default', status: 200, value: members }],
    proxies: async () => [proxy('cluster1', 'web-1'), proxy('cluster2', 'db-0')],
    pods: async () => [pod('web-1'), pod('db-0')],
  };
  const check = CHECKS.find(({ id }) => id === 'proxies-connected');
  assert.deepEqual(await check?.run({ facts } as never), {
    kind: 'failure',
    problem: 'not connected: db-0.default',
  });
});
