/** Objects out of a real API server, over a network that fails. */
import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { ClusterId } from '../../src/model/index.ts';
import {
  KUBERNETES_SOURCE_TIMING,
  KubernetesSource,
  type KubernetesSourceOptions,
  type KubernetesSourceTiming,
  type SourceState,
} from '../../src/sources/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { Collected, until } from './collected.ts';
import { type FaultyProxy, startFaultyProxy } from './faulty-proxy.ts';
import { createNamespace, createService, DEFINITIONS, deleteService, istioDefinition } from './objects.ts';

const skip = withoutKubernetes();
const CLUSTER = 'cluster1' as ClusterId;
/** Everything sooner than in earnest. */
const QUICK: Partial<KubernetesSourceTiming> = {
  backOff: { minMs: 20, maxMs: 200 },
  absentMs: 200,
  probeMs: 100,
  probeAnswerMs: 500,
  answerMs: 2_000,
};

let server: TestApiServer;

before(async () => {
  if (!skip) server = await startApiServer({ users: [{ name: 'reader' }, { name: 'stranger' }] });
});
after(() => server?.stop());

interface Stand {
  readonly source: KubernetesSource;
  readonly seen: Collected;
  readonly states: SourceState[];
  readonly network: FaultyProxy;
}

async function stand(
  t: TestContext,
  options: Partial<KubernetesSourceOptions> = {},
  token = server.adminToken,
): Promise<Stand> {
  const network = await startFaultyProxy(server.port);
  const api = server.connect(token, `https://127.0.0.1:${network.port}`);
  const states: SourceState[] = [];
  const timing = { ...QUICK, ...options.timing };
  const source = new KubernetesSource({
    cluster: CLUSTER,
    api,
    kinds: 'registry',
    onState: (state) => states.push(state),
    ...options,
    timing,
  });
  t.after(async () => {
    await source.stop();
    api.close();
    await network.close();
  });
  return { source, seen: new Collected(), states, network };
}

async function allowAll(user: string): Promise<void> {
  const name = `all-for-${user}`;
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  await server.admin.send('POST', `${rbac}/clusterroles`, { metadata: { name }, rules });
  await server.admin.send('POST', `${rbac}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name: user }],
  });
}

const services = (seen: Collected, namespace: string): readonly string[] =>
  seen.names('Service').filter((name) => name.startsWith(`${namespace}/`));

test('the first listing is one batch of everything, and changes follow', { skip }, async (t) => {
  await createNamespace(server.admin, 'first');
  await createService(server.admin, 'first', 'a');
  const { source, seen, states } = await stand(t);
  await source.start(seen);
  assert.equal(seen.batches.length, 1);
  assert.deepEqual(services(seen, 'first'), ['first/a']);
  assert.ok(seen.names('Namespace').includes('/first'));
  assert.equal(source.state().kind, 'synced');
  assert.deepEqual(
    states.map(({ kind }) => kind),
    ['synced'],
  );
  const made = await createService(server.admin, 'first', 'b');
  await until(
    () => services(seen, 'first'),
    (names) => names.includes('first/b'),
  );
  const service = seen.objects.get('cluster1/Service/first/b');
  assert.equal(service?.apiVersion, 'v1');
  assert.equal(service?.meta.createdAtMs, Date.parse(made.metadata.creationTimestamp ?? ''));
  assert.deepEqual(service?.origin, { kind: 'kubernetes', resourceVersion: made.metadata.resourceVersion });
  await deleteService(server.admin, 'first', 'a');
  await until(
    () => services(seen, 'first'),
    (names) => names.join() === 'first/b',
  );
});

test('a change of what the mesh does not read is told to nobody', { skip }, async (t) => {
  await createNamespace(server.admin, 'quiet');
  await server.admin.send('POST', '/api/v1/namespaces/quiet/pods', {
    metadata: { name: 'pod', labels: { app: 'x' } },
    spec: { serviceAccountName: 'robot', containers: [{ name: 'app', image: 'none', ports: [{ containerPort: 80 }] }] },
  });
  const { source, seen } = await stand(t);
  await source.start(seen);
  const pod = seen.objects.get('cluster1/Pod/quiet/pod');
  assert.deepEqual(pod?.body['spec'], {
    serviceAccountName: 'robot',
    containers: [{ name: 'app', ports: [{ containerPort: 80, protocol: 'TCP' }] }],
  });
  const merge = { contentType: 'application/merge-patch+json' };
  const path = '/api/v1/namespaces/quiet/pods/pod';
  await server.admin.send('PATCH', path, { metadata: { annotations: { checksum: '1' } } }, merge);
  await server.admin.send(
    'PATCH',
    `${path}/status`,
    { status: { podIP: '10.0.0.9', podIPs: [{ ip: '10.0.0.9' }] } },
    merge,
  );
  await until(
    () => seen.objects.get('cluster1/Pod/quiet/pod')?.body['status'],
    (status) => JSON.stringify(status).includes('10.0.0.9'),
  );
  const told = seen.batches
    .flatMap(({ set }) => set)
    .filter(({ ref }) => ref.namespace === 'quiet' && ref.kind === 'Pod');
  assert.equal(told.length, 2);
});

test('a kind whose definition comes later is found, in the version that is preferred, and goes with it', {
  skip,
}, async (t) => {
  const { source, seen } = await stand(t, { kinds: 'all' });
  await source.start(seen);
  await createNamespace(server.admin, 'rules');
  const definition = istioDefinition({
    group: 'networking.istio.io',
    kind: 'VirtualService',
    plural: 'virtualservices',
    versions: ['v1beta1', 'v1', 'v1alpha3'],
  });
  await server.admin.send('POST', DEFINITIONS, definition);
  await until(
    () => source.state(),
    ({ kind }) => kind === 'synced',
  );
  const path = '/apis/networking.istio.io/v1beta1/namespaces/rules/virtualservices';
  const create = async (): Promise<boolean> => {
    const body = {
      apiVersion: 'networking.istio.io/v1beta1',
      kind: 'VirtualService',
      metadata: { name: 'v' },
      spec: { hosts: ['a'] },
    };
    return await server.admin.send('POST', path, body).then(
      () => true,
      () => false,
    );
  };
  for (let made = false; !made; ) made = await create();
  await until(
    () => seen.objects.get('cluster1/VirtualService/rules/v'),
    (object) => object?.apiVersion === 'networking.istio.io/v1',
  );
  await server.admin.send('DELETE', `${DEFINITIONS}/${definition.metadata.name}`);
  await until(
    () => seen.names('VirtualService'),
    (names) => names.length === 0,
  );
  assert.equal(source.state().kind, 'synced');
});

test('of Secrets only those that a gateway can use are kept, and of those only its keys', { skip }, async (t) => {
  await createNamespace(server.admin, 'keys');
  const create = (name: string, type: string, data: Record<string, string>, labels = {}): Promise<unknown> =>
    server.admin.send('POST', '/api/v1/namespaces/keys/secrets', {
      metadata: { name, labels },
      type,
      stringData: data,
    });
  await create('web', 'kubernetes.io/tls', { 'tls.crt': 'CERT', 'tls.key': 'KEY', password: 'no' });
  await create('old-form', 'Opaque', { cert: 'CERT', key: 'KEY' });
  await create('password', 'Opaque', { password: 'no' });
  await create('cacerts', 'Opaque', { 'ca-cert.pem': 'no', 'ca-key.pem': 'no' });
  await create('release', 'helm.sh/release.v1', { cert: 'no' });
  await create('remote', 'Opaque', { key: 'no' }, { 'istio/multiCluster': 'true' });
  const { source, seen } = await stand(t, { secrets: true });
  await source.start(seen);
  assert.deepEqual(seen.names('Secret'), ['keys/old-form', 'keys/web']);
  const web = seen.objects.get('cluster1/Secret/keys/web')?.body['data'];
  assert.deepEqual(Object.keys(web as object).sort(), ['tls.crt', 'tls.key']);
  const registry = await stand(t);
  await registry.source.start(registry.seen);
  assert.deepEqual(registry.seen.names('Secret'), []);
});

test('what happened while the network was cut is found again, and the state says what was known when', {
  skip,
}, async (t) => {
  await createNamespace(server.admin, 'cut');
  await createService(server.admin, 'cut', 'stays');
  await createService(server.admin, 'cut', 'goes');
  const { source, seen, network, states } = await stand(t);
  await source.start(seen);
  for (const how of ['end', 'reset'] as const) {
    network.cut(how);
    await createService(server.admin, 'cut', how);
    await until(
      () => services(seen, 'cut'),
      (names) => names.includes(`cut/${how}`),
    );
  }
  await network.refuse();
  await until(
    () => source.state(),
    ({ kind }) => kind === 'stale',
  );
  assert.match(
    states.findLast(({ kind }) => kind === 'stale')?.kind === 'stale' ? JSON.stringify(states.at(-1)) : '',
    /ECONN/,
  );
  assert.ok(services(seen, 'cut').includes('cut/goes'), 'what is known stays');
  await deleteService(server.admin, 'cut', 'goes');
  await network.heal();
  await until(
    () => services(seen, 'cut'),
    (names) => names.join() === 'cut/end,cut/reset,cut/stays',
  );
  await until(
    () => source.state(),
    ({ kind }) => kind === 'synced',
  );
});

test('connections that hang are noticed', { skip }, async (t) => {
  await createNamespace(server.admin, 'hang');
  const { source, seen, network } = await stand(t, { timing: { silentMs: 1_000, answerMs: 500 } });
  await source.start(seen);
  network.stall();
  await until(
    () => source.state(),
    ({ kind }) => kind === 'stale',
  );
  await createService(server.admin, 'hang', 'a');
  await network.heal();
  await until(
    () => services(seen, 'hang'),
    (names) => names.join() === 'hang/a',
  );
  await until(
    () => source.state(),
    ({ kind }) => kind === 'synced',
  );
});

test('a source whose cluster is not there yet says so, and starts when it comes', { skip }, async (t) => {
  const { source, seen, network } = await stand(t);
  await network.refuse();
  const started = source.start(seen);
  const state = await until(
    () => source.state(),
    (now) => now.kind === 'syncing' && now.error !== undefined,
  );
  assert.match(JSON.stringify(state), /ECONNREFUSED/);
  assert.equal(seen.batches.length, 0);
  await network.heal();
  await started;
  assert.equal(source.state().kind, 'synced');
});

test('kinds that may not be read are told, and tried again', {
  skip,
}, async (t) => {
  const { source, seen } = await stand(t, {}, server.tokenOf('reader'));
  await source.start(seen);
  assert.equal(seen.objects.size, 0);
  assert.deepEqual(
    source.state().problems.map(({ kind }) => kind),
    ['Namespace', 'Node', 'Service', 'EndpointSlice', 'Pod'],
  );
  assert.match(source.state().problems[0]?.error ?? '', /403.*forbidden/);
  await allowAll('reader');
  await until(
    () => source.state(),
    ({ kind, problems }) => kind === 'synced' && problems.length === 0,
  );
  assert.ok(seen.names('Namespace').includes('/default'));
});

test('a token that the server does not know is no cluster without objects', { skip }, async (t) => {
  const { source, seen } = await stand(t, {}, 'nobody');
  void source.start(seen);
  const state = await until(
    () => source.state(),
    (now) => now.kind === 'syncing' && now.error !== undefined,
  );
  assert.match(JSON.stringify(state), /401/);
  await delay(500);
  assert.deepEqual([source.state().kind, seen.batches.length], ['syncing', 0]);
});

test('a policy that may not be read holds up the start: without it more would be allowed', { skip }, async (t) => {
  const plural = 'authorizationpolicies';
  const definition = istioDefinition({
    group: 'security.istio.io',
    kind: 'AuthorizationPolicy',
    plural,
    versions: ['v1'],
  });
  await server.admin.send('POST', DEFINITIONS, definition);
  const path = `/apis/security.istio.io/v1/${plural}`;
  for (let isServed = false; !isServed; ) isServed = await server.admin.get(path).then(Boolean, () => false);
  const { source, seen } = await stand(t, { kinds: 'all' }, server.tokenOf('stranger'));
  const started = source.start(seen);
  const { kind } = await until(
    () => source.state(),
    ({ problems }) => problems.length === 7,
  );
  assert.equal(kind, 'syncing');
  await allowAll('stranger');
  await started;
  await until(
    () => source.state().problems,
    (problems) => problems.length === 0,
  );
});

test('a source stops at once, whatever it is waiting for', { skip }, async (t) => {
  const { source, seen, network } = await stand(t, { kinds: 'all', timing: KUBERNETES_SOURCE_TIMING });
  network.stall();
  const started = source.start(seen);
  await delay(100);
  const stoppedMs = performance.now();
  await source.stop();
  await started;
  assert.ok(performance.now() - stoppedMs < 1_000);
});
