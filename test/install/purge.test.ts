/** What an uninstallation takes with it, and what it leaves, in a real API server. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { install, readInstallValues, remnants, uninstall } from '../../src/install/index.ts';
import { type ApiServer, isNotFound, type KubernetesList } from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from '../kubernetes/api-server.ts';

const skip = withoutKubernetes();
const SYSTEM = '/api/v1/namespaces/istio-system';
const HOOKS = '/apis/admissionregistration.k8s.io/v1';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases';
const MERGE = { contentType: 'application/merge-patch+json' };

let server: TestApiServer;
let api: ApiServer;

before(async () => {
  if (skip) return;
  server = await startApiServer();
  api = server.admin;
});
after(() => server?.stop());

async function run(): Promise<void> {
  const { values } = readInstallValues({ files: [], sets: [], context: 'cluster1', env: {} });
  await install(api, values, { isDryRun: false, readinessTimeoutMs: 0, onEvent: () => {} });
}

async function purge(): Promise<void> {
  await uninstall(api, { isDryRun: false, namespace: 'istio-system', scope: { kind: 'purge' }, onRemoved: () => {} });
}

async function exists(path: string): Promise<boolean> {
  return await api.get(path).then(
    () => true,
    (error: unknown) => (isNotFound(error) ? false : Promise.reject(error)),
  );
}

/** As a control plane does, and people. */
async function makeSecret(name: string, labels: Readonly<Record<string, string>> = {}): Promise<void> {
  await api.send('POST', `${SYSTEM}/secrets`, { apiVersion: 'v1', kind: 'Secret', metadata: { name, labels } });
}

async function makeLease(name: string): Promise<void> {
  await api.send('POST', LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name } });
}

test('purge leaves nothing of ours, and all that is not', { skip }, async () => {
  await run();
  const config = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
  await api.send('POST', `${SYSTEM}/configmaps`, config('of-a-person', {}));
  await api.send('PATCH', SYSTEM, { metadata: { labels: { 'of-a-person': 'yes' } } }, MERGE);
  await makeSecret('istio-ca-secret');
  await makeLease('istio-leader-canary');
  await makeLease('of-a-person');
  await purge();
  const labelSelector = 'app.kubernetes.io/managed-by=pelagos';
  const paths = [
    ...['configmaps', 'services', 'serviceaccounts', 'secrets', 'namespaces'].map((each) => `/api/v1/${each}`),
    ...['clusterroles', 'clusterrolebindings', 'roles', 'rolebindings'].map(
      (each) => `/apis/rbac.authorization.k8s.io/v1/${each}`,
    ),
    `${HOOKS}/mutatingwebhookconfigurations`,
    `${HOOKS}/validatingwebhookconfigurations`,
    '/apis/apps/v1/deployments',
    '/apis/policy/v1/poddisruptionbudgets',
  ];
  for (const path of paths) {
    const { items } = await api.get<KubernetesList>(path, { query: { labelSelector } });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      [],
      path,
    );
  }
  const { metadata } = await api.get(SYSTEM);
  assert.deepEqual(metadata.labels, { 'kubernetes.io/metadata.name': 'istio-system', 'of-a-person': 'yes' });
  assert.equal(await exists(`${SYSTEM}/configmaps/of-a-person`), true);
  assert.equal(await exists('/api/v1/namespaces/default/configmaps/istio-ca-root-cert'), false);
  assert.equal(await exists(`${SYSTEM}/secrets/istio-ca-secret`), false);
  assert.deepEqual(
    await Promise.all(['istio-leader-canary', 'of-a-person'].map((name) => exists(`${LEASES}/${name}`))),
    [false, true],
  );
});

test('what people made for the mesh is named, with the way to remove it', { skip }, async () => {
  await makeSecret('istio-remote-secret-cluster2', { 'istio/multiCluster': 'true' });
  await makeSecret('cacerts');
  const namespace = '/api/v1/namespaces/default';
  await api.send('PATCH', namespace, { metadata: { labels: { 'istio-injection': 'enabled' } } }, MERGE);
  assert.deepEqual(
    (await remnants(api, 'istio-system')).map(({ removal }) => removal),
    [
      '-n istio-system delete secret istio-remote-secret-cluster2',
      '-n istio-system delete secret cacerts',
      'label namespace default istio-injection-',
    ],
  );
});

test('another Istio keeps the key and the roots that have the same names', { skip }, async () => {
  await run();
  await makeSecret('istio-ca-secret');
  const labels = { app: 'istiod', 'istio.io/rev': 'other' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'discovery', image: 'example.test/pilot' }] } };
  await api.send('POST', '/apis/apps/v1/namespaces/istio-system/deployments', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'istiod-other', labels },
    spec: { selector: { matchLabels: labels }, template },
  });
  await purge();
  assert.equal(await exists(`${SYSTEM}/secrets/istio-ca-secret`), true);
});
