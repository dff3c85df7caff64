import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Answer,
  authorityOf,
  compareAnswers,
  formatCall,
  parseCall,
  parseCase,
  realAnswer,
  type Want,
} from './index.ts';

test('calls are read as curl would make them', () => {
  assert.deepEqual(parseCall('http://service.cluster2'), {
    method: 'GET',
    scheme: 'http',
    host: 'service.cluster2',
    port: 80,
    path: '/',
  });
  const call = parseCall('DELETE https://a.example:8443/x?y=1');
  assert.ok(call);
  assert.deepEqual(
    [call.method, call.scheme, authorityOf(call), call.path],
    ['DELETE', 'https', 'a.example:8443', '/x?y=1'],
  );
  assert.equal(formatCall(call), 'DELETE https://a.example:8443/x?y=1');
  for (const text of ['service', 'tcp://service', 'GET ftp://a', 'GET http://a:99999', 'get http://a']) {
    assert.equal(parseCall(text), undefined, text);
  }
});

function parsed(request: object): ReturnType<typeof parseCase> {
  return parseCase({
    file: 'case.yaml',
    value: { why: 'because', requests: [request] },
    positionOf: () => ({ line: 7, column: 3 }),
  });
}

const FROM = { cluster: 'c1', workload: 'deployment/client' };

test('a request has defaults for what it does not say', () => {
  const { case: found, diagnostics } = parsed({ from: FROM, call: 'http://a', want: { status: 200, evenly: 'pod' } });
  assert.deepEqual(diagnostics, []);
  const [request] = found.requests;
  assert.deepEqual(request?.from, {
    kind: 'workload',
    cluster: 'c1',
    namespace: 'default',
    workload: 'deployment/client',
  });
  assert.deepEqual([request?.times, request?.want.evenly, request?.want.within], [1, { pod: 0 }, 5]);
});

test('what the format does not know is told with its place', () => {
  const codes = (request: object): readonly string[] => parsed(request).diagnostics.map(({ code }) => code);
  assert.deepEqual(codes({ from: FROM, call: 'http://a', wants: {}, want: {} }), ['PEL2002']);
  assert.deepEqual(codes({ from: FROM, call: 'http//a', want: {} }), ['PEL2007']);
  assert.deepEqual(codes({ from: FROM, to: { ...FROM, port: 80 }, call: 'http://a', want: {} }), ['PEL2008']);
  assert.deepEqual(codes({ from: FROM, call: 'http://a', want: { status: 'shut' } }), ['PEL2004']);
  assert.deepEqual(codes({ from: FROM, call: 'http://a', want: { shares: { version: { v1: 60, v2: 60 } } } }), [
    'PEL2006',
  ]);
  assert.deepEqual(codes({ call: 'http://a' }).toSorted(), ['PEL2005', 'PEL2005']);
  const [first] = parsed({ from: FROM, call: 3, want: {} }).diagnostics;
  assert.deepEqual(first?.at, { file: 'case.yaml', line: 7, column: 3 });
});

const NOTHING: Want = { fields: {}, headers: {}, received: {}, shares: {}, within: 5, evenly: {}, explains: [] };
const REAL = { within: 5, simulated: false };

function from(pods: readonly string[]): readonly Answer[] {
  return pods.map((pod) =>
    realAnswer({ status: 200, headers: {}, body: JSON.stringify({ pod, version: pod[0], caller: null }) }),
  );
}

test('shares may be off by as much as the case says, but nobody uninvited may answer', () => {
  const answers = from([...Array(72).fill('a'), ...Array(28).fill('b')]);
  assert.deepEqual(compareAnswers({ ...NOTHING, shares: { pod: { a: 70, b: 30 } } }, answers, REAL), []);
  assert.equal(compareAnswers({ ...NOTHING, shares: { pod: { a: 60, b: 40 } } }, answers, REAL).length, 2);
  assert.equal(compareAnswers({ ...NOTHING, shares: { pod: { a: 100 } } }, from(['a', 'a', 'b']), REAL).length, 2);
});

test('even shares, a status, a body, and an end without answer', () => {
  assert.deepEqual(compareAnswers({ ...NOTHING, evenly: { pod: 2 } }, from(['a', 'b']), REAL), []);
  assert.equal(compareAnswers({ ...NOTHING, evenly: { pod: 3 } }, from(['a', 'b']), REAL).length, 1);
  assert.equal(compareAnswers({ ...NOTHING, evenly: { pod: 0 } }, from(['a', 'a']), REAL).length, 1);
  const denied = [realAnswer({ status: 403, headers: {}, body: 'RBAC: access denied' })];
  assert.deepEqual(compareAnswers({ ...NOTHING, status: 403, body: 'RBAC: access denied' }, denied, REAL), []);
  assert.deepEqual(compareAnswers({ ...NOTHING, body: 'RBAC*' }, denied, REAL), []);
  const closed = [realAnswer({ status: undefined, headers: {}, body: '' })];
  assert.deepEqual(compareAnswers({ ...NOTHING, status: 'closed' }, closed, REAL), []);
  assert.equal(compareAnswers({ ...NOTHING, status: 200 }, closed, REAL).length, 1);
  assert.deepEqual(compareAnswers(NOTHING, [], REAL), ['there was no answer']);
});
