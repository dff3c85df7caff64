import assert from 'node:assert/strict';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { injectionSettings } from '../../proxies/index.ts';
import { createInjectionHandler } from './injection-handler.ts';
import { parseInjectionPath, reviewInjection } from './injection-review.ts';

const SETTINGS = injectionSettings({ values: {}, cluster: 'cluster1', network: 'network1' });

function review(change: object = {}): object {
  const object = { metadata: { generateName: 'x-' }, spec: { containers: [{ name: 'x' }] } };
  const request = { uid: 'u1', kind: { kind: 'Pod' }, namespace: 'shop', object, ...change };
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

test('the path says which cluster asks', () => {
  const path = (text: string) => parseInjectionPath(text);
  assert.deepEqual(path('/inject'), { cluster: '', network: '' });
  assert.deepEqual(path('/inject/cluster/c1/net/n1?timeout=10s'), { cluster: 'c1', network: 'n1' });
  assert.deepEqual(path('/inject/net/a--slash--b/'), { cluster: '', network: 'a/b' });
  for (const other of ['/validate', '/injected', '/inject/cluster', '/', '', '/inject/cluster/%zz']) {
    assert.equal(path(other), undefined, other);
  }
});

test('a pod is allowed, with a patch where it gets a proxy', () => {
  const result = reviewInjection(review(), SETTINGS);
  assert.ok(result.kind === 'answer' && result.outcome === 'injected');
  assert.equal(result.pod, 'shop/x-');
  const { uid, allowed, patchType, patch = '' } = result.review.response;
  assert.deepEqual([uid, allowed, patchType], ['u1', true, 'JSONPatch']);
  const operations = JSON.parse(Buffer.from(patch, 'base64').toString()) as { op: string; path: string }[];
  assert.ok(operations.some(({ op, path }) => op === 'add' && path === '/spec/initContainers'));
  const skipped = reviewInjection(review({ namespace: 'kube-system' }), SETTINGS);
  assert.ok(skipped.kind === 'answer' && skipped.outcome === 'skipped');
  assert.deepEqual(skipped.review.response, { uid: 'u1', allowed: true });
});

test('what is no review of a pod is said to be none', () => {
  const problem = (value: unknown): string => {
    const result = reviewInjection(value, SETTINGS);
    return result.kind === 'malformed' ? result.problem : '';
  };
  assert.match(problem(null), /no AdmissionReview/);
  assert.match(problem({ ...review(), kind: 'Pod' }), /no AdmissionReview/);
  assert.match(problem({ ...review(), apiVersion: 'admission.k8s.io/v1beta1' }), /v1 is understood/);
  assert.match(problem(review({ kind: { kind: 'Deployment' } })), /Only pods/);
  assert.match(problem(review({ object: { spec: {} } })), /cannot be read/);
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

test('over HTTP: limits, and errors for the failure policy to decide on', async (t) => {
  const outcomes: string[] = [];
  const quiet = (): void => {};
  const handler = createInjectionHandler({
    settings: ({ cluster }) => (cluster === 'unknown' ? undefined : SETTINGS),
    log: { debug: quiet, info: quiet, warn: quiet },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const server = createServer(
    (request, response) => void (handler(request, response) || response.writeHead(404).end()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const send = async (
    path: string,
    body: string,
    headers: IncomingHttpHeaders = {},
    method = 'POST',
  ): Promise<Answer> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(headers as Record<string, string>) },
      ...(method === 'GET' ? {} : { body }),
    });
    return { status: response.status, text: await response.text() };
  };
  const body = JSON.stringify(review());
  assert.equal((await send('/inject', body)).status, 200);
  assert.equal((await send('/elsewhere', body)).status, 404);
  assert.equal((await send('/inject', '', {}, 'GET')).status, 405);
  assert.equal((await send('/inject', body, { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await send('/inject', '{')).status, 400);
  assert.equal((await send('/inject/cluster/unknown', body)).status, 503);
  const large = await send('/inject', `"${'x'.repeat(3 * 1024 * 1024)}"`).catch(() => ({ status: 413 }));
  assert.equal(large.status, 413);
  assert.deepEqual(outcomes, ['injected', 'failed', 'failed', 'failed', 'failed', 'failed']);
});
