/** Installing in a real API server: no controllers and no nodes, so what they would do is done by the tests. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { InstallError, install, type ObjectChange, readInstallValues, uninstall } from '../../src/install/index.ts';
import { ApiError, type ApiServer, isNotFound } from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from '../kubernetes/api-server.ts';

const skip = withoutKubernetes();
const SYSTEM = '/api/v1/namespaces/istio-system';
const APPS = '/apis/apps/v1/namespaces/istio-system';
const HOOKS = '/apis/admissionregistration.k8s.io/v1';
const MERGE = { contentType: 'application/merge-patch+json' };

let server: TestApiServer;
let api: ApiServer;

before(async () => {
  if (skip) return;
  server = await startApiServer();
  api = server.admin;
});
after(() => server?.stop());

interface Run {
  readonly sets?: readonly string[];
  readonly isDryRun?: boolean;
  readonly readinessTimeoutMs?: number;
}

const said: string[] = [];

async function run({
  sets = [],
  isDryRun = false,
  readinessTimeoutMs = 0,
}: Run = {}): Promise<readonly ObjectChange[]> {
  const { values } = readInstallValues({ files: [], sets, context: 'cluster1', env: {} });
  said.length = 0;
  return await install(api, values, {
    isDryRun,
    readinessTimeoutMs,
    onEvent: (event) => {
      if (event.kind === 'note') said.push(event.note.code);
      if (event.kind === 'fault') said.push(event.fault.reason);
    },
  });
}

function count(changes: readonly ObjectChange[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { change } of changes) counts[change] = (counts[change] ?? 0) + 1;
  return counts;
}

async function exists(path: string): Promise<boolean> {
  return await api.get(path).then(
    () => true,
    (error: unknown) => (isNotFound(error) ? false : Promise.reject(error)),
  );
}

async function refused(promise: Promise<unknown>): Promise<InstallError> {
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof InstallError, String(error));
  return error;
}

test('a dry run says what would be made, and makes nothing', { skip }, async () => {
  const changes = await run({ isDryRun: true });
  assert.deepEqual(Object.keys(count(changes)), ['created']);
  assert.equal(await exists(SYSTEM), false);
});

test('a second run finds everything as it is to be', { skip }, async () => {
  const first = await run();
  assert.deepEqual(count(first), { created: first.length });
  assert.ok(first.length > 45);
  assert.deepEqual(count(await run()), { unchanged: first.length });
  assert.deepEqual(count(await run({ isDryRun: true })), { unchanged: first.length });
});

test('what the control plane writes into its webhooks stays through another run', { skip }, async () => {
  const path = `${HOOKS}/validatingwebhookconfigurations/istio-validator-istio-system`;
  const live = await api.get(path);
  const hooks = live['webhooks'] as readonly { readonly clientConfig: object }[];
  const caBundle = Buffer.from(server.ca).toString('base64');
  const taken = hooks.map((hook) => ({
    ...hook,
    failurePolicy: 'Fail',
    clientConfig: { ...hook.clientConfig, caBundle },
  }));
  await api.send('PUT', path, { ...live, webhooks: taken }, { query: { fieldManager: 'istiod' } });
  // Nobody serves it here, and the installation writes Gateways: they are not looked at again while they are unchanged.
  assert.equal(count(await run({ sets: ['profile=minimal'] }))['configured'], undefined);
  const after = await api.get(path);
  assert.deepEqual(after['webhooks'], taken);
  await api.send('DELETE', path);
});

test('what an earlier run had besides is removed, and comes back', { skip }, async () => {
  const gateway = `${APPS}/deployments/istio-eastwestgateway`;
  assert.equal(await exists(gateway), false, 'the profile minimal, run before, has none');
  assert.ok((count(await run())['created'] ?? 0) > 10);
  assert.equal(await exists(gateway), true);
  const changes = await run({ sets: ['components.ingressGateways[1].enabled=false'] });
  assert.deepEqual(
    changes.filter(({ change }) => change === 'removed').map(({ object }) => object.kind),
    [
      'Gateway',
      'Gateway',
      'VirtualService',
      'HorizontalPodAutoscaler',
      'PodDisruptionBudget',
      'Deployment',
      'Service',
      'ServiceAccount',
    ],
  );
  assert.equal(await exists(gateway), false);
});

test('revisions stand side by side, and one goes without the other', { skip }, async () => {
  const sets = ['profile=minimal', 'revision=canary'];
  const changes = await run({ sets });
  assert.ok(changes.every(({ change }) => change !== 'removed'));
  const options = { isDryRun: false, namespace: 'istio-system', onRemoved: () => {} };
  await uninstall(api, { ...options, scope: { kind: 'revision', revision: 'canary' } });
  assert.deepEqual(
    [await exists(`${APPS}/deployments/istiod-canary`), await exists(`${APPS}/deployments/istiod`)],
    [false, true],
  );
});

test('the control plane may do its work and nothing beside', { skip }, async () => {
  const account = `${SYSTEM}/serviceaccounts/istiod/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
  const { status } = await api.send<{ status: { token: string } }>('POST', account, request);
  const istiod = server.connect(status.token);
  const may = async (action: Promise<unknown>): Promise<boolean> =>
    await action.then(
      () => true,
      (error: unknown) => (error instanceof ApiError && error.status === 403 ? false : Promise.reject(error)),
    );
  const roots = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio-ca-root-cert' } };
  const defaults = '/api/v1/namespaces/default';
  try {
    assert.deepEqual(
      await Promise.all([
        may(istiod.get('/api/v1/pods')),
        may(istiod.get('/apis/networking.istio.io/v1/virtualservices')),
        may(istiod.get(`${SYSTEM}/secrets`)),
        may(istiod.send('POST', `${defaults}/configmaps`, roots)),
      ]),
      [true, true, true, true],
    );
    const hook = `${HOOKS}/mutatingwebhookconfigurations/istio-sidecar-injector`;
    assert.deepEqual(
      await Promise.all([
        may(istiod.send('PATCH', hook, { metadata: { annotations: { a: 'b' } } }, MERGE)),
        may(istiod.send('PATCH', `${defaults}/configmaps/istio-ca-root-cert`, { data: { a: 'b' } }, MERGE)),
        may(istiod.send('POST', `${defaults}/secrets`, { ...roots, kind: 'Secret' })),
        may(istiod.get(`${HOOKS}/mutatingwebhookconfigurations`)),
        may(istiod.send('PATCH', `${defaults}/configmaps/kube-root-ca.crt`, { data: { a: 'b' } }, MERGE)),
        may(istiod.send('DELETE', `${APPS}/deployments/istiod`)),
        may(istiod.get(`${APPS}/deployments`)),
      ]),
      [true, true, false, false, false, false, false],
    );
  } finally {
    istiod.close();
  }
});

test('a pod that does not come up is told with its cause', { skip }, async () => {
  const labels = { app: 'istiod', istio: 'pilot' };
  const container = { name: 'discovery', image: 'registry.example/pelagos:1' };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'istiod-0', labels },
    spec: { containers: [container] },
  };
  await api.send('POST', '/api/v1/namespaces/istio-system/serviceaccounts', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default' },
  });
  await api.send('POST', `${SYSTEM}/pods`, pod);
  const tell = async (status: object): Promise<string> => {
    await api.send('PATCH', `${SYSTEM}/pods/istiod-0/status`, { status }, MERGE);
    const { diagnostic } = await refused(run({ readinessTimeoutMs: 300, sets: ['profile=minimal'] }));
    assert.equal(diagnostic.code, 'PEL8008');
    assert.ok(diagnostic.message.includes(said.at(-1) ?? '-'), 'it was told while waiting too');
    return `${diagnostic.message} ${diagnostic.remedy}`;
  };
  const waiting = (reason: string, message: string) => ({
    containerStatuses: [
      { ...container, imageID: '', ready: false, restartCount: 3, state: { waiting: { reason, message } } },
    ],
  });
  assert.match(
    await tell(waiting('ImagePullBackOff', 'no such host')),
    /image registry.example\/pelagos:1 .*--set hub=/,
  );
  assert.match(await tell(waiting('CrashLoopBackOff', 'back-off')), /container discovery .* ends again and again/);
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes: cpu' };
  assert.match(await tell({ conditions: [condition] }), /no node takes pod istiod-0: 0\/1 nodes: cpu .*Add a node/);
  await api.send('DELETE', `${SYSTEM}/pods/istiod-0`, undefined, { query: { gracePeriodSeconds: 0 } });
});

test('a running Istio of somebody else stops it, and a revision goes beside it', { skip }, async () => {
  const labels = { app: 'istiod', 'istio.io/rev': 'default' };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: 'discovery', image: 'docker.io/istio/pilot:1.31.0' }] },
  };
  const other = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'istiod', labels } };
  const path = '/apis/apps/v1/namespaces/default/deployments';
  await api.send('POST', path, { ...other, spec: { selector: { matchLabels: labels }, template } });
  const { diagnostic } = await refused(run());
  assert.match(
    `${diagnostic.code} ${diagnostic.message}`,
    /^PEL8007 .*default\/istiod with image docker.io\/istio\/pilot:1.31.0/,
  );
  await run({ sets: ['profile=minimal', 'revision=beside'], isDryRun: true });
  await api.send('DELETE', `${path}/istiod`);
});

test('definitions of a newer API stay as they are', { skip }, async () => {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gateways.networking.istio.io';
  const annotate = async (version: string) =>
    await api.send('PATCH', path, { metadata: { annotations: { 'pelagos.dev/api-version': version } } }, MERGE);
  await annotate('99.0.0');
  assert.equal(count(await run({ sets: ['profile=minimal'] }))['kept'], 1);
  assert.deepEqual(said, ['PEL8010']);
  await annotate('1.2.0');
  const changes = await run({ sets: ['profile=minimal'] });
  assert.deepEqual(
    changes.filter(({ change }) => change === 'configured').map(({ object }) => object.metadata.name),
    ['gateways.networking.istio.io'],
  );
});

test('somebody without the rights is told so', { skip }, async () => {
  const account = '/api/v1/namespaces/default/serviceaccounts';
  await api.send('POST', account, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody' } });
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const { status } = await api.send<{ status: { token: string } }>('POST', `${account}/nobody/token`, request);
  const nobody = server.connect(status.token);
  const { values } = readInstallValues({ files: [], sets: [], context: 'cluster1', env: {} });
  const trial = install(nobody, values, { isDryRun: false, readinessTimeoutMs: 0, onEvent: () => {} });
  await assert.rejects(trial, (error) => error instanceof ApiError && error.status === 403);
  nobody.close();
});
