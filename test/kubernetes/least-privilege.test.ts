/** What runs in the istiod pod gets along with the rights that an installation gives it, and with no others. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { ObjectStore } from '../../src/config/index.ts';
import { applyObject, meshObjects, readDefinitions, readInstallValues } from '../../src/install/index.ts';
import {
  kubernetesTokenReviewer,
  LeaderElection,
  loadClusterAuthority,
  MemberRoots,
  ROOTS_CONFIG_MAP,
  RootPublisher,
  WebhookCaBundle,
} from '../../src/istiod/index.ts';
import { StatusWriter } from '../../src/istiod/status/status-writer.ts';
import type { ApiServer, KubernetesObject } from '../../src/kubernetes-api/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { TrustBundle } from '../../src/security/index.ts';
import { toRawObject } from '../../src/sources/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { eventually } from './eventually.ts';

const skip = withoutKubernetes();
const CLUSTER = 'cluster1' as ClusterId;
const NAMESPACE = 'istio-system';
const RIGHTS: ReadonlySet<string> = new Set([
  'Namespace',
  'ServiceAccount',
  'ClusterRole',
  'ClusterRoleBinding',
  'Role',
  'RoleBinding',
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
]);
const KIND = 'peerauthentications.security.istio.io';
const POLICIES = '/apis/security.istio.io/v1/namespaces/default/peerauthentications';

/** The accounts, roles and webhooks of an installation; nothing that would need a node. */
async function installRights(api: ApiServer, sets: readonly string[], pilotAddress?: string): Promise<void> {
  const { values } = readInstallValues({ files: [], sets, context: CLUSTER, env: {} });
  const objects: readonly KubernetesObject[] = meshObjects(values, {
    definitions: readDefinitions().filter(({ metadata }) => metadata.name === KIND),
    ...(pilotAddress ? { pilotAddress } : {}),
  });
  for (const object of objects) {
    const wanted = RIGHTS.has(object.kind ?? '') || object.metadata.name === KIND;
    if (wanted) await applyObject(api, object, { isDryRun: false });
  }
}

async function connectAs(server: TestApiServer, account: string): Promise<ApiServer> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`;
  const answer = await server.admin.send<{ readonly status: { readonly token: string } }>('POST', path, {});
  return server.connect(answer.status.token);
}

function recorder(): { readonly log: pino.Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  return { log: pino({ level: 'warn' }, { write: (line: string) => warnings.push(line) }), warnings };
}

async function hasRoots(server: TestApiServer): Promise<boolean> {
  const path = `/api/v1/namespaces/default/configmaps/${ROOTS_CONFIG_MAP}`;
  return (await server.admin.get(path).catch(() => undefined)) !== undefined;
}

async function start(t: TestContext): Promise<TestApiServer> {
  const server = await startApiServer();
  t.after(() => server.stop());
  return server;
}

test('the control plane in its own cluster', { skip }, async (t) => {
  const server = await start(t);
  await installRights(server.admin, []);
  const api = await connectAs(server, 'istiod');
  t.after(() => api.close());
  const { log, warnings } = recorder();
  const now = Date.now;

  const authority = await loadClusterAuthority(api, {
    cluster: CLUSTER,
    namespace: NAMESPACE,
    trustDomain: 'cluster.local',
    now,
    log,
  });
  t.after(() => authority.stop());
  authority.follow();
  const roots = (): readonly string[] => authority.roots;
  const configurations = [
    { kind: 'mutating', name: 'istio-sidecar-injector' },
    { kind: 'validating', name: `istio-validator-${NAMESPACE}` },
  ] as const;
  const duties = [
    new RootPublisher(api, { roots, log }),
    new WebhookCaBundle(api, { configurations, roots, isServing: () => true, log }),
  ];
  t.after(() => Promise.all(duties.map((duty) => duty.stop())));
  const election = new LeaderElection(api, {
    namespace: NAMESPACE,
    name: 'istio-leader',
    identity: 'istiod-1',
    onElected: () => {
      for (const duty of duties) duty.start();
    },
    onLost: () => {},
    log,
  });
  t.after(() => election.stop());
  election.start();
  await eventually('roots in every namespace', () => hasRoots(server));
  for (const { kind, name } of configurations) {
    const path = `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/${name}`;
    await eventually(`the caBundle of ${name}`, async () => /"caBundle":"\w/.test(await server.admin.text(path)));
  }

  await eventually('the kind is served', async () => (await api.get(POLICIES).catch(() => undefined)) !== undefined);
  const policy = { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', metadata: { name: 'default' } };
  // Nobody serves the webhook here, and it must not hold this up.
  await server.admin.send(
    'DELETE',
    `/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/istio-validator-${NAMESPACE}`,
  );
  const object = await server.admin.send('POST', POLICIES, { ...policy, spec: { mtls: { mode: 'STRICT' } } });
  const store = new ObjectStore();
  const origin = { kind: 'kubernetes', resourceVersion: '1' } as const;
  const raw = toRawObject(object, { cluster: CLUSTER, origin });
  assert.ok('ref' in raw);
  store.apply({ set: [raw], deleted: [] });
  const writer = new StatusWriter(api, {
    objects: () => store.raws(),
    diagnostics: () => store.diagnostics(),
    onChange: () => () => {},
    now,
    log,
  });
  t.after(() => writer.stop());
  writer.start();
  await eventually('a status', async () => /"Accepted"/.test(await server.admin.text(`${POLICIES}/default`)));

  const reviewer = kubernetesTokenReviewer(api, { cluster: CLUSTER, now });
  const result = await reviewer.review('e30.e30.e30');
  assert.equal(result.kind, 'wrong-audience', 'the API server was asked');
  assert.deepEqual(
    warnings.filter((line) => /forbidden/i.test(line)),
    [],
  );
  await assert.rejects(api.send('DELETE', '/api/v1/namespaces/default/pods'), /forbidden/);
});

test('a control plane elsewhere, in a cluster that it serves', { skip }, async (t) => {
  const server = await start(t);
  await installRights(server.admin, ['profile=remote', 'values.global.remotePilotAddress=10.9.9.9'], '10.9.9.9');
  const api = await connectAs(server, 'istio-reader-service-account');
  t.after(() => api.close());
  const { log, warnings } = recorder();
  const publisher = new RootPublisher(api, { roots: () => ['roots'], log });
  t.after(() => publisher.stop());
  publisher.start();
  await eventually('roots in every namespace', () => hasRoots(server));
  const bundle = new TrustBundle({ trustDomain: 'cluster.local', now: Date.now });
  const member = new MemberRoots(api, { cluster: CLUSTER, namespace: NAMESPACE, bundle, now: Date.now, log });
  t.after(() => member.stop());
  member.start();
  const reviewer = kubernetesTokenReviewer(api, { cluster: CLUSTER, now: Date.now });
  assert.equal((await reviewer.review('e30.e30.e30')).kind, 'wrong-audience', 'the API server was asked');
  const annotations = (await api.get(`/api/v1/namespaces/${NAMESPACE}`)).metadata.annotations ?? {};
  assert.ok(annotations['topology.istio.io/controlPlaneClusters'], 'it says that it may be served');
  assert.deepEqual(
    warnings.filter((line) => /forbidden/i.test(line)),
    [],
  );
  // Gateways there serve TLS with its Secrets, which are read and not written.
  await api.get(`/api/v1/namespaces/${NAMESPACE}/secrets`);
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'another' } };
  await assert.rejects(api.send('POST', `/api/v1/namespaces/${NAMESPACE}/secrets`, secret), /forbidden/);
});
