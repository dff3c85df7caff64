/** Two API servers, and the command as the article has it: each a cluster of its own first, then one serves the other. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type ApiServer,
  isNotFound,
  type KubernetesList,
  type KubernetesObject,
} from '../../src/kubernetes-api/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from '../kubernetes/api-server.ts';

const skip = withoutKubernetes();
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const SYSTEM = '/api/v1/namespaces/istio-system';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/istio-system/endpointslices';
const MERGE = { contentType: 'application/merge-patch+json' };
/** As the article writes it. */
const VALUES = 'global:\n  multicluster:\n    enabled: true\n  remotePilotAddress: $' + '{CLUSTER1_ISTIOD}\n';
const TOKEN_SECRET = 'istio-reader-service-account-istio-remote-secret-token';

let one: TestApiServer;
let two: TestApiServer;
let folder = '';

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'pelagos-remote-'));
  await writeFile(join(folder, 'cluster2-values.yaml'), VALUES);
  [one, two] = (await Promise.all(['cluster1', 'cluster2'].map((name) => startApiServer({ name })))) as [
    TestApiServer,
    TestApiServer,
  ];
});
after(async () => {
  await Promise.all([one?.stop(), two?.stop()]);
  if (folder) await rm(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly text: string;
}

async function istioctl(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    cwd: folder,
    env: {
      ...process.env,
      PELAGOS_PROGRAM: 'istioctl',
      KUBECONFIG: [one, two].map(({ kubeconfigFile }) => kubeconfigFile).join(delimiter),
      ...env,
    },
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part;
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

async function installIn(context: string, ...args: readonly string[]): Promise<Outcome> {
  return await istioctl(['install', '--context', context, '-y', '--readiness-timeout', '0', ...args]);
}

/** What Kubernetes' token controller does. */
async function fillToken(api: ApiServer, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const data = {
        token: Buffer.from('a-token').toString('base64'),
        'ca.crt': Buffer.from('a-ca').toString('base64'),
      };
      await api.send('PATCH', `${SYSTEM}/secrets/${TOKEN_SECRET}`, { data }, MERGE);
      return;
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

test('each is a primary first', { skip }, async () => {
  for (const context of ['cluster1', 'cluster2']) {
    const { code, text } = await installIn(context, '--set', 'profile=default');
    assert.equal(code, 0, text);
    assert.match(
      text,
      /✔ Istio core installed .*\n✔ Istiod installed .*\n✔ Webhooks .*\n✔ Ingress gateways .*\n✔ Inst/,
    );
  }
});

test('a gateway without an address is told, and nothing is changed', { skip }, async () => {
  const { code, text } = await installIn('cluster2', '-f', 'cluster2-values.yaml');
  assert.equal(code, 1);
  assert.match(text, /error PEL8011 .*the east-west gateway of cluster1 has no address from outside/);
  const { spec } = await two.admin.get<KubernetesObject>(`${SYSTEM}/services/istiod`);
  assert.ok('selector' in (spec as object));
});

test('a remote goes to its primary through the gateway, and is read by it', { skip }, async () => {
  const ingress = { loadBalancer: { ingress: [{ ip: '192.0.2.10' }] } };
  const gateway = `${SYSTEM}/services/istio-eastwestgateway/status`;
  await one.admin.send('PATCH', gateway, { status: ingress }, MERGE);
  // What the controllers made while the Service had a selector; the Service's labels are copied to it.
  const { metadata } = await two.admin.get<KubernetesObject>(`${SYSTEM}/services/istiod`);
  const made = { 'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io' };
  const labels = { ...metadata.labels, 'kubernetes.io/service-name': 'istiod', ...made };
  const owner = { apiVersion: 'v1', kind: 'Service', name: 'istiod', uid: metadata.uid };
  await two.admin.send('POST', SLICES, {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'istiod-x7k2p', labels, ownerReferences: [owner] },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'] }],
    ports: [{ name: 'https-dns', port: 15012 }],
  });
  const before = await two.admin.get(`${SYSTEM}/services/istiod`);
  const stop = new AbortController();
  const filled = fillToken(two.admin, stop.signal);
  const { code, text } = await installIn('cluster2', '-f', 'cluster2-values.yaml');
  stop.abort();
  await filled;
  assert.equal(code, 0, text);
  assert.match(
    text,
    /info PEL8006 remotePilotAddress 10\.\S+ is the clusterIP of istiod in cluster1: cluster2 goes to it/,
  );
  assert.match(text, /Remote secret istio-remote-secret-cluster2 in cluster1/);
  const service = await two.admin.get(`${SYSTEM}/services/istiod`);
  const specOf = (object: KubernetesObject) => object['spec'] as Readonly<Record<string, unknown>>;
  assert.equal(specOf(service)['clusterIP'], specOf(before)['clusterIP'], 'pods go on with the address that they know');
  assert.equal(specOf(service)['selector'], undefined);
  const { items } = await two.admin.get<KubernetesList>(SLICES);
  assert.deepEqual(
    items.map(({ endpoints }) => endpoints),
    [[{ addresses: ['192.0.2.10'], conditions: { ready: true } }]],
  );
  const gone = await two.admin.get('/apis/apps/v1/namespaces/istio-system/deployments/istiod').catch((error) => error);
  assert.ok(isNotFound(gone), 'its own control plane is gone');
  const namespace = await two.admin.get(SYSTEM);
  assert.equal(namespace.metadata.annotations?.['topology.istio.io/controlPlaneClusters'], 'cluster1');
  const secret = await one.admin.get<KubernetesObject>(`${SYSTEM}/secrets/istio-remote-secret-cluster2`);
  assert.equal(secret.metadata.labels?.['istio/multiCluster'], 'true');
  const kubeconfig = Buffer.from((secret['data'] as { cluster2: string }).cluster2, 'base64').toString('utf8');
  assert.ok(kubeconfig.includes(two.url) && kubeconfig.includes('token: a-token'));
});

test('the same once more, with the address of the primary as the article has it, changes nothing', {
  skip,
}, async () => {
  const service = await one.admin.get<KubernetesObject>(`${SYSTEM}/services/istiod`);
  const { clusterIP } = service['spec'] as { clusterIP: string };
  const args = ['install', '--context', 'cluster2', '-f', 'cluster2-values.yaml', '-y', '--readiness-timeout', '0'];
  const { code, text } = await istioctl(args, { CLUSTER1_ISTIOD: clusterIP });
  assert.equal(code, 0, text);
  assert.doesNotMatch(text, /created|configured|removed/);
});

test('the reader may do in the remote what its control plane has to, and no more', { skip }, async () => {
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } };
  const path = `${SYSTEM}/serviceaccounts/istio-reader-service-account/token`;
  const { status } = await two.admin.send<{ status: { token: string } }>('POST', path, request);
  const reader = two.connect(status.token);
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'istio-leader' } };
  const roots = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio-ca-root-cert' } };
  const hook = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/istio-sidecar-injector';
  try {
    await reader.send('POST', '/apis/coordination.k8s.io/v1/namespaces/istio-system/leases', lease);
    await reader.send('POST', '/api/v1/namespaces/default/configmaps', roots);
    await reader.send('PATCH', hook, { metadata: { annotations: { a: 'b' } } }, MERGE);
    await reader.get('/api/v1/pods');
    // Gateways of the remote serve TLS with its Secrets; nobody writes them from elsewhere.
    await reader.get('/api/v1/secrets');
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'another' } };
    await assert.rejects(reader.send('POST', `${SYSTEM}/secrets`, secret), /403/);
    await assert.rejects(reader.get('/apis/apps/v1/deployments'), /403/);
  } finally {
    reader.close();
  }
});

test('it becomes a primary again', { skip }, async () => {
  const { code, text } = await installIn('cluster2', '--set', 'profile=default');
  assert.equal(code, 0, text);
  const { spec } = await two.admin.get<KubernetesObject>(`${SYSTEM}/services/istiod`);
  assert.deepEqual((spec as { selector: object }).selector, { app: 'istiod', istio: 'pilot' });
  const { items } = await two.admin.get<KubernetesList>(SLICES);
  assert.deepEqual(items, []);
});

test('upgrade, uninstall and generate say what they do', { skip }, async () => {
  const upgraded = await istioctl(['upgrade', '--context', 'cluster2', '-y', '--readiness-timeout', '0']);
  assert.equal(upgraded.code, 0, upgraded.text);
  assert.match(upgraded.text, /cluster2 has 0\.1\.0; this is the same version/);
  const refused = await istioctl(['uninstall', '--context', 'cluster2', '--purge']);
  assert.match(refused.text, /error PEL8013/);
  const dry = await istioctl(['uninstall', '--context', 'cluster2', '--purge', '--dry-run']);
  assert.match(dry.text, /Would remove deployment.apps\/istiod in istio-system\.[\s\S]*Nothing was changed/);
  const corefile = '.:53 {\n  forward . /etc/resolv.conf\n}\n';
  const zones = `${corefile}# pelagos: begin\ncluster1:53 {\n  forward . 10.0.0.1\n}\n# pelagos: end\n`;
  const coredns = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'coredns' }, data: { Corefile: zones } };
  await two.admin.send('POST', '/api/v1/namespaces/kube-system/configmaps', coredns);
  const purged = await istioctl(['uninstall', '--context', 'cluster2', '--purge', '-y']);
  assert.match(purged.text, /✔ Uninstall complete/);
  const live = await two.admin.get('/api/v1/namespaces/kube-system/configmaps/coredns');
  assert.equal((live['data'] as { Corefile: string }).Corefile.trim(), corefile.trim());
  const generated = await istioctl(['manifest', 'generate', '--set', 'profile=minimal', '--context', 'x']);
  assert.match(generated.text, /^apiVersion: v1\nkind: Namespace\n[\s\S]*name: CLUSTER_ID\n +value: x\n/);
});
