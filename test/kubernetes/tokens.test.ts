/** Service account tokens that a real API server gives out, as proxies show them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { kubernetesTokenReviewer } from '../../src/istiod/index.ts';
import type { ApiServer } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import type { ReviewResult } from '../../src/security/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';

const skip = withoutKubernetes();
const CLUSTER = 'cluster1' as ClusterId;

interface Pod {
  readonly name: string;
  readonly uid: string;
}

async function makePod(api: ApiServer, name: string): Promise<Pod> {
  const spec = { serviceAccountName: 'reviews', containers: [{ name: 'app', image: 'app' }] };
  const made = await api.send('POST', '/api/v1/namespaces/default/pods', { metadata: { name }, spec });
  return { name, uid: made.metadata.uid ?? '' };
}

async function requestToken(api: ApiServer, pod: Pod | undefined, audience = 'istio-ca'): Promise<string> {
  const boundObjectRef = pod && { kind: 'Pod', apiVersion: 'v1', name: pod.name, uid: pod.uid };
  const body = { spec: { audiences: [audience], expirationSeconds: 3600, boundObjectRef } };
  const path = '/api/v1/namespaces/default/serviceaccounts/reviews/token';
  const answer = await api.send<{ readonly status: { readonly token: string } }>('POST', path, body);
  return answer.status.token;
}

async function start(t: TestContext): Promise<TestApiServer & { readonly pod: Pod }> {
  const server = await startApiServer();
  t.after(() => server.stop());
  const { admin } = server;
  await admin.send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'reviews' } });
  const pod = await makePod(admin, 'reviews-1');
  return Object.assign(server, { pod });
}

function assertSpeaksFor(result: ReviewResult, pod: Pod): void {
  assert.equal(result.kind, 'authenticated', JSON.stringify(result));
  assert.ok(result.kind === 'authenticated');
  assert.ok(result.expiresAt > Date.now());
  const { cluster, namespace, serviceAccount } = result;
  assert.deepEqual([cluster, namespace, serviceAccount], [CLUSTER, 'default', 'reviews']);
  assert.deepEqual(result.pod, { name: pod.name, uid: pod.uid });
}

/** The same API server, but for one path that is not there. */
function without(api: ApiServer, lost: 'keys' | 'questions'): ApiServer {
  const away = (): never => {
    throw new Error('away');
  };
  return {
    ...api,
    url: api.url,
    get: async (path, options) => (lost === 'keys' ? away() : await api.get(path, options)),
    send: async (method, path, body, options) =>
      lost === 'questions' ? away() : await api.send(method, path, body, options),
  };
}

test('the token of a pod is taken, by the published keys as by asking', { skip }, async (t) => {
  const { admin, pod } = await start(t);
  const token = await requestToken(admin, pod);
  for (const api of [admin, without(admin, 'keys'), without(admin, 'questions')]) {
    const reviewer = kubernetesTokenReviewer(api, { cluster: CLUSTER, now: Date.now });
    assertSpeaksFor(await reviewer.review(token), pod);
  }
});

test('tokens for others, of nobody, of other clusters and rubbish are refused, each with its reason', {
  skip,
}, async (t) => {
  const { admin, pod } = await start(t);
  const other = await startApiServer({
    flags: ['--service-account-issuer=https://other.example', '--service-account-jwks-uri=https://other.example/keys'],
  });
  t.after(() => other.stop());
  await other.admin.send('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'reviews' } });
  const foreign = await requestToken(other.admin, await makePod(other.admin, pod.name));
  const good = await requestToken(admin, pod);
  const cases: readonly (readonly [string, ReviewResult['kind']])[] = [
    [await requestToken(admin, pod, 'vault'), 'wrong-audience'],
    [await requestToken(admin, undefined), 'malformed'],
    [`${good.slice(0, -8)}AAAAAAAA`, 'refused'],
    ['rubbish', 'malformed'],
  ];
  for (const api of [admin, without(admin, 'keys')]) {
    const reviewer = kubernetesTokenReviewer(api, { cluster: CLUSTER, now: Date.now });
    for (const [token, kind] of cases) assert.equal((await reviewer.review(token)).kind, kind);
    assert.notEqual((await reviewer.review(foreign)).kind, 'authenticated');
    const later = kubernetesTokenReviewer(api, { cluster: CLUSTER, now: () => Date.now() + 3 * 3_600_000 });
    if (api === admin) assert.equal((await later.review(good)).kind, 'expired');
  }
});

test('while the API server is away known keys serve on; without keys the answer is: try again', { skip }, async (t) => {
  const server = await start(t);
  const token = await requestToken(server.admin, server.pod);
  const [warm, cold] = [0, 1].map(() => kubernetesTokenReviewer(server.admin, { cluster: CLUSTER, now: Date.now }));
  assertSpeaksFor(await (warm as NonNullable<typeof warm>).review(token), server.pod);
  await server.crash();
  assertSpeaksFor(await (warm as NonNullable<typeof warm>).review(token), server.pod);
  const result = await (cold as NonNullable<typeof cold>).review(token);
  assert.ok(result.kind === 'unavailable');
  assert.ok(!result.message.includes(token.slice(0, 40)));
});

test("asking refuses the token of a pod that is gone, and that of the API server's own audience", {
  skip,
}, async (t) => {
  const { admin, pod } = await start(t);
  const token = await requestToken(admin, pod);
  await admin.send('DELETE', `/api/v1/namespaces/default/pods/${pod.name}`, { gracePeriodSeconds: 0 });
  const asking = kubernetesTokenReviewer(without(admin, 'keys'), { cluster: CLUSTER, now: Date.now });
  // The API server remembers what it said of a token for ten seconds; this one it has not seen.
  const result = await asking.review(token);
  assert.equal(result.kind, 'refused');
  const own = await requestToken(
    admin,
    await makePod(admin, 'reviews-2'),
    'https://kubernetes.default.svc.cluster.local',
  );
  assert.equal((await asking.review(own)).kind, 'wrong-audience');
});
