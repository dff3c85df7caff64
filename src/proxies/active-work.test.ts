import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACTIVE_FILTER, activeWork } from './active-work.ts';

const STATS = new Map([
  ['http.admin.downstream_rq_active', 1],
  ['http.admin.downstream_cx_active', 1],
  ['listener.admin.downstream_cx_active', 1],
  ['http.inbound_127.1.0.5_8080.downstream_rq_active', 2],
  ['http.inbound_127.1.0.5_8080.downstream_cx_active', 5],
  ['http.outbound_15001.downstream_rq_active', 7],
  ['http.outbound_15001.downstream_cx_active', 7],
  ['listener.127.1.0.5_8080.downstream_cx_active', 6],
  ['listener.127.1.0.5_8080.worker_0.downstream_cx_active', 6],
  ['listener.127.1.0.5_15001.downstream_cx_active', 7],
]);
const interception = { kind: 'ports', httpProxy: { address: '127.1.0.5', port: 15001 }, inbound: [] } as const;

test('a sidecar has the work that came in: requests, and connections that carry no HTTP', () => {
  assert.deepEqual(activeWork(STATS, { kind: 'sidecar', interception }), { requests: 2, connections: 1 });
});

test('a gateway has the work of all its listeners', () => {
  assert.deepEqual(activeWork(STATS, { kind: 'gateway', interception }), { requests: 9, connections: 1 });
});

test('a proxy without connections has no work', () => {
  assert.deepEqual(activeWork(new Map(), { kind: 'gateway', interception }), { requests: 0, connections: 0 });
});

test('every statistic that counts is asked for', () => {
  for (const name of STATS.keys()) assert.match(name, new RegExp(ACTIVE_FILTER));
});
