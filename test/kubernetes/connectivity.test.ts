/** `pelagos connectivity` against two real API servers; what curl says in the pods is the test's. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createInjectionHandler } from '../../src/istiod/webhook/index.ts';
import type { KubernetesList } from '../../src/kubernetes-api/index.ts';
import { injectionSettings } from '../../src/proxies/index.ts';
import { CertificateAuthority } from '../../src/security/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from './api-server.ts';
import { type Outcome, runIstioctl } from './istioctl.ts';
import { type Ran, startKubelet, type TestKubelet } from './kubelet.ts';

const NAMES = ['cluster1', 'cluster2'] as const;
const SPIFFE = 'spiffe://cluster.local/ns/default/sa/default';

/** What curl says in a pod of `from` of a call to a host. */
type Curl = (from: string, host: string) => Ran;

let folder = '';
let webhook: Server;
/** Of the webhook, in Base64. */
let caBundle = '';
const servers: TestApiServer[] = [];
const kubelets: TestKubelet[] = [];
let curl: Curl;
const stop = new AbortController();

const works: Curl = (_from, host) => {
  const cluster = host.split('.').at(-1);
  const body = JSON.stringify({ cluster, caller: `By=spiffe://a;URI=${SPIFFE}` });
  return { code: 0, out: `${body}\n200 0.001 0.002 0.004 10.0.0.1\n`.repeat(6) };
};

describe('connectivity', { skip: withoutKubernetes() }, () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pelagos-connectivity-'));
    const authority = CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now: Date.now });
    const issued = authority.issueServer([{ kind: 'ip', address: '127.0.0.1' }], { ttlMs: 3_600_000 });
    caBundle = Buffer.from(authority.root.pem).toString('base64');
    const quiet = (): void => undefined;
    const handler = createInjectionHandler({
      settings: (path) => injectionSettings({ values: {}, ...path }),
      log: { debug: quiet, info: quiet, warn: quiet },
    });
    webhook = createServer({ cert: issued.certificateChainPem, key: issued.privateKeyPem }, (request, response) => {
      if (!handler(request, response)) response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    servers.push(...(await Promise.all(NAMES.map((name) => startApiServer({ name })))));
    for (const server of servers) kubelets.push(await startKubelet(server));
    await writeFile(join(folder, 'kubeconfig'), kubeconfig());
  });
  after(async () => {
    stop.abort();
    for (const kubelet of kubelets) await kubelet.stop();
    for (const server of servers) await server.stop();
    webhook?.close().closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  });

  test('where pods get no proxy, it says so and leaves nothing behind', async () => {
    const { code, err } = await connectivity();
    assert.equal(code, 1);
    assert.match(err, /PEL7111 a pod that asks for a proxy gets none in namespace default of cluster[12]/);
    assert.deepEqual(await leftovers(), []);
  });

  test('every pair of clusters is measured, and what was made is removed', async () => {
    for (const server of servers) await injectPods(server);
    servers.forEach((server, index) => void runPods(server, index));
    curl = works;
    const { code, out, err } = await connectivity();
    assert.equal(code, 0, err + out);
    const rows = out
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    assert.deepEqual(rows[0], ['FROM', 'TO', 'NAME', 'TCP', 'HTTP', 'MTLS', 'IDENTITY OF THE CALLER', 'LATENCY']);
    assert.deepEqual(
      rows.slice(1),
      NAMES.flatMap((from) => NAMES.map((to) => [from, to, '✔', '✔', '✔', '✔', SPIFFE, '4.0 ms'])),
    );
    assert.deepEqual(await leftovers(), []);
  });

  test('from a workload of yours, for programs', async () => {
    await kubelets[0]?.pod({
      namespace: 'default',
      name: 'web-1',
      containers: ['app'],
      run: (command) => answer('web-1', command),
    });
    curl = (from, host) => (from === 'web-1' ? works(from, host) : { code: 7, out: '' });
    const { code, out } = await connectivity(['--from', 'cluster1/default/web-1', '-o', 'json']);
    assert.equal(code, 0);
    const pairs = JSON.parse(out) as readonly { readonly from: string; readonly to: string; readonly good: boolean }[];
    assert.deepEqual(
      pairs.map(({ from, to, good }) => [from, to, good]),
      NAMES.map((to) => ['cluster1/default/web-1', to, true]),
    );
  });
});

function connectivity(more: readonly string[] = []): Promise<Outcome> {
  const file = join(folder, 'kubeconfig');
  return runIstioctl(['--kubeconfig', file, 'connectivity', '--timeout', '20s', ...more], folder);
}

function kubeconfig(): string {
  const entry = (kind: string, value: (server: TestApiServer, name: string) => unknown): unknown =>
    servers.map((server, index) => ({ name: NAMES[index], [kind]: value(server, NAMES[index] ?? '') }));
  return JSON.stringify({
    'current-context': NAMES[0],
    clusters: entry('cluster', ({ url, ca }) => ({
      server: url,
      'certificate-authority-data': Buffer.from(ca).toString('base64'),
    })),
    users: entry('user', ({ adminToken }) => ({ token: adminToken })),
    contexts: entry('context', (_server, name) => ({ cluster: name, user: name })),
  });
}

function answer(from: string, command: readonly string[]): Ran {
  const host = /http:\/\/([^/]+)\//.exec(command.at(-1) ?? '')?.[1] ?? '';
  return curl(from, host);
}

/** Stands for the scheduler and the kubelet: pods of the command are ready as soon as they are there. */
async function runPods(server: TestApiServer, index: number): Promise<void> {
  const seen = new Set<string>();
  while (!stop.signal.aborted) {
    const { items } = await server.admin
      .get<KubernetesList>('/api/v1/namespaces/default/pods')
      .catch(() => ({ items: [] }));
    for (const { metadata } of items) {
      if (seen.has(metadata.name) || !metadata.name.startsWith('pelagos-')) continue;
      seen.add(metadata.name);
      const run = (command: readonly string[]): Ran => answer(NAMES[index] ?? '', command);
      await kubelets[index]?.adopt({ namespace: 'default', name: metadata.name, containers: ['probe'], run });
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function injectPods({ admin, url }: TestApiServer): Promise<void> {
  const { port } = webhook.address() as AddressInfo;
  await admin.send('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    metadata: { name: 'istio-sidecar-injector' },
    webhooks: [
      {
        name: 'object.sidecar-injector.istio.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: { url: `https://127.0.0.1:${port}/inject/cluster/c/net/n`, caBundle },
        objectSelector: { matchLabels: { 'sidecar.istio.io/inject': 'true' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  });
  // The API server takes a moment until it knows of a webhook.
  for (let tries = 0; tries < 100; tries++) {
    const pod = await admin.send<{ spec: { initContainers?: unknown } }>(
      'POST',
      '/api/v1/namespaces/default/pods?dryRun=All',
      {
        metadata: { name: 'asks', labels: { 'sidecar.istio.io/inject': 'true' } },
        spec: { serviceAccountName: 'default', containers: [{ name: 'app', image: 'app:1' }] },
      },
    );
    if (pod.spec.initContainers) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${url} does not ask the webhook`);
}

async function leftovers(): Promise<readonly string[]> {
  const lists = await Promise.all(
    servers.flatMap(({ admin }) =>
      ['pods', 'services'].map((resource) => admin.get<KubernetesList>(`/api/v1/namespaces/default/${resource}`)),
    ),
  );
  return lists
    .flatMap(({ items }) => items.map(({ metadata }) => metadata.name))
    .filter((name) => name.startsWith('pelagos-'));
}
