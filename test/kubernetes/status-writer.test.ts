/** The status of Istio's objects, in a real API server with Istio's own definitions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { ObjectStore } from '../../src/config/index.ts';
import { readDefinitions } from '../../src/install/index.ts';
import { StatusWriter } from '../../src/istiod/index.ts';
import type { ApiServer, KubernetesList } from '../../src/kubernetes-api/index.ts';
import type { ClusterId, RawObject } from '../../src/model/index.ts';
import { toRawObject } from '../../src/sources/index.ts';
import { startApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const KINDS = ['virtualservices.networking.istio.io', 'peerauthentications.security.istio.io'];
const SERVICES = '/apis/networking.istio.io/v1/namespaces/default/virtualservices';
const POLICIES = '/apis/security.istio.io/v1/namespaces/default/peerauthentications';

async function define(api: ApiServer): Promise<void> {
  for (const definition of readDefinitions().filter(({ metadata }) => KINDS.includes(metadata.name)))
    await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
  await eventually('the kinds are served', async () => {
    const lists = await Promise.all([SERVICES, POLICIES].map((path) => api.get(path).catch(() => undefined)));
    return lists.every((list) => list !== undefined);
  });
}

/** What a source would read. */
async function read(api: ApiServer, path: string): Promise<readonly RawObject[]> {
  const { items } = await api.get<KubernetesList>(path);
  return items.map((body) => {
    const origin = { kind: 'kubernetes', resourceVersion: body.metadata.resourceVersion ?? '' } as const;
    const raw = toRawObject(body, { cluster: 'cluster1' as ClusterId, origin });
    assert.ok('ref' in raw);
    return raw;
  });
}

test('an object says what became of it, of which version, and is not written without need', {
  skip: withoutKubernetes(),
}, async (t) => {
  const server = await startApiServer();
  t.after(() => server.stop());
  const { admin } = server;
  await define(admin);
  const service = (host: string): object => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'reviews' },
    spec: { hosts: ['reviews'], http: [{ route: [{ destination: { host } }] }] },
  });
  await admin.send('POST', SERVICES, service('reviews'));
  const policy = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'default' } };
  await admin.send('POST', POLICIES, { ...policy, spec: { mtls: { mode: 'STRICT' } } });
  const store = new ObjectStore();
  let changed = (): void => {};
  const writer = new StatusWriter(admin, {
    objects: () => store.raws(),
    diagnostics: () => store.diagnostics(),
    onChange: (listener) => {
      changed = listener;
      return () => {};
    },
    now: Date.now,
    log: pino({ level: 'silent' }),
    times: { settleMs: 10, minIntervalMs: 10 },
  });
  t.after(() => writer.stop());
  writer.start();
  const refresh = async (): Promise<void> => {
    const set = [...(await read(admin, SERVICES)), ...(await read(admin, POLICIES))];
    store.apply({ set, deleted: [] });
    changed();
  };
  const statusOf = async (path: string): Promise<string> => {
    const { status } = (await admin.get(path)) as { readonly status?: Record<string, unknown> };
    const conditions = (status?.['conditions'] ?? []) as readonly { readonly type: string; readonly status: string }[];
    return `${status?.['observedGeneration']} ${conditions.map(({ type, status: is }) => `${type}=${is}`).join(' ')}`;
  };
  await refresh();
  for (const path of [`${SERVICES}/reviews`, `${POLICIES}/default`]) {
    await eventually(path, async () => (await statusOf(path)) === '1 Accepted=True Programmed=True');
  }
  const { resourceVersion } = (await admin.get(`${SERVICES}/reviews`)).metadata;
  await refresh();
  await delay(200);
  assert.equal((await admin.get(`${SERVICES}/reviews`)).metadata.resourceVersion, resourceVersion);

  const patch = { spec: { http: [{ route: [{ destination: { host: 'a' } }] }] } };
  const merge = { contentType: 'application/merge-patch+json' };
  await admin.send('PATCH', `${SERVICES}/reviews`, { spec: { http: [] } }, merge);
  await refresh();
  await eventually(
    'refused',
    async () => (await statusOf(`${SERVICES}/reviews`)) === '2 Accepted=False Programmed=True',
  );
  await admin.send('PATCH', `${SERVICES}/reviews`, { spec: { hosts: ['a'], ...patch.spec } }, merge);
  // Not read yet: nothing is said of a version that nobody has looked at.
  changed();
  await delay(200);
  assert.equal(await statusOf(`${SERVICES}/reviews`), '2 Accepted=False Programmed=True');
  await refresh();
  await eventually('accepted again', async () => (await statusOf(`${SERVICES}/reviews`)).startsWith('3 '));
});
