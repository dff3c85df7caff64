import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { ClusterStatus, FleetStatus, PodStatus } from '../../embedded/fleet-api.ts';
import { formatChanges, formatRefusals } from './changes.ts';
import { DiagnosticNews } from './diagnostic-news.ts';
import { formatFleetTable } from './fleet-table.ts';
import { formatSummary, progressRows } from './progress.ts';

const POD: PodStatus = {
  namespace: 'default',
  name: 'web-1',
  owner: 'deployment/web',
  labels: {},
  phase: 'Running',
  ready: true,
  containers: { ready: 2, total: 2 },
  restarts: 0,
  address: '127.1.1.1',
  proxy: 'sidecar',
  reason: '',
  startedAtMs: 0,
};

function fleet(pods: readonly PodStatus[]): FleetStatus {
  const cluster: ClusterStatus = {
    name: 'east',
    region: '',
    zone: '',
    network: 'east',
    controlPlane: { cluster: 'east', ready: true, address: '127.1.0.2:15012', connectedProxies: 1 },
    pods,
  };
  return {
    name: 'f',
    dir: '/f',
    pid: 2,
    startedAtMs: 0,
    phase: 'running',
    ready: true,
    clusters: [cluster],
    diagnostics: [],
  };
}

test('the table names a cluster once and says why something is not ready', () => {
  const rows = progressRows(
    fleet([
      { ...POD, ready: false, phase: 'Pending', reason: 'starting its Envoy', containers: { ready: 1, total: 2 } },
      { ...POD, name: 'gate', namespace: 'istio-system', proxy: 'gateway' },
    ]),
  );
  const text = [
    '   CLUSTER  KIND           NAME    READY  STATUS',
    '✓  east     control plane  istiod         127.1.0.2:15012, 1 proxy',
    '✓           gateway        gate    2/2    127.1.1.1',
    '·           pod            web-1   1/2    Pending: starting its Envoy',
    '',
  ];
  assert.equal(formatFleetTable(rows, { hasColor: false }), text.join('\n'));
  assert.equal(formatSummary(rows), '1 cluster, 2 of 3 ready');
});

test('pods that come, fail, restart and go are told once each', () => {
  const steps = [
    [[POD], [POD], []],
    [[], [{ ...POD, ready: false }], ['east: pod web-1 is new']],
    [[{ ...POD, ready: false }], [POD], ['east: pod web-1 is ready']],
    [[POD], [{ ...POD, restarts: 1 }], ['east: pod web-1 was started again (restart 1)']],
    [
      [POD],
      [{ ...POD, ready: false, phase: 'CrashLoopBackOff', reason: 'exit code 1' }],
      ['east: pod web-1: CrashLoopBackOff: exit code 1'],
    ],
    [[POD], [], ['east: pod web-1 is gone']],
  ] as const;
  for (const [before, after, lines] of steps) assert.deepEqual(formatChanges(fleet(before), fleet(after)), lines);
});

test('a problem of a file is told when it appears, again when it moves, and when it is solved', () => {
  const news = new DiagnosticNews();
  const problemAt = (line: number): Diagnostic =>
    diagnose('PEL6003', { name: 'A_B' }, { at: { file: 'a.yaml', line, column: 1 } });
  assert.match(news.update([problemAt(1)], 0).join(), /^a\.yaml:1:1: error PEL6003 /);
  assert.deepEqual(news.update([problemAt(1)], 1), []);
  assert.match(news.update([problemAt(2)], 2).join(), /^a\.yaml:2:1: error PEL6003 (?![\s\S]*solved)/);
  assert.deepEqual(news.update([], 3), ['solved: PEL6003 a.yaml']);
});

test('something that keeps ending is told once, and solved only when it stays up', () => {
  const news = new DiagnosticNews();
  const ended = (delayMs: number): Diagnostic => ({
    ...diagnose('PEL6003', { name: 'x' }),
    message: `it ended; it is started again in ${delayMs} ms`,
  });
  assert.equal(news.update([ended(100)], 0).length, 1);
  assert.deepEqual(news.update([], 1_000), []);
  assert.deepEqual(news.update([ended(2_000)], 2_000), []);
  assert.deepEqual(news.update([], 10_000), []);
  assert.match(news.update([], 17_000).join(), /^solved: PEL6003 it ended/);
});

test('a problem that turns into another one of the same thing is not solved by that', () => {
  const news = new DiagnosticNews();
  const object = { cluster: 'east' as never, kind: 'Pod', namespace: 'default', name: 'web-1' };
  const ended = { ...diagnose('PEL6003', { name: 'x' }), code: 'PEL5002', object };
  const keepsEnding = { ...ended, code: 'PEL5003' };
  assert.equal(news.update([ended], 0).length, 1);
  assert.match(news.update([keepsEnding], 1_000).join(), /^error PEL5003 /);
  assert.deepEqual(news.update([keepsEnding], 20_000), []);
  assert.deepEqual(news.update([], 40_000), ['solved: PEL5003 east/Pod default/web-1']);
});

test('a refusal names the proxy, the resource and the object it comes from', () => {
  const [line] = formatRefusals([
    {
      id: 'x',
      cluster: 'east',
      namespace: 'default',
      pod: 'web-1',
      controlPlane: 'east',
      connectedAtMs: 0,
      version: '1.40.0',
      types: {
        CDS: {
          state: 'NACKED',
          resources: 1,
          error: {
            resource: 'outbound|80||web',
            message: 'no such field',
            origins: [{ cluster: 'east' as never, kind: 'EnvoyFilter', namespace: 'default', name: 'odd' }],
          },
        },
      },
    },
  ]);
  assert.equal(
    line,
    'east: web-1 refused CDS outbound|80||web: no such field; it comes from EnvoyFilter default/odd of east',
  );
});
