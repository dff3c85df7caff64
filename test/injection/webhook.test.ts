/** A real API server asks the webhook, and checks what comes of the pods. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { createInjectionHandler, type InjectionPath } from '../../src/istiod/webhook/index.ts';
import { ApiError, type KubernetesObject } from '../../src/kubernetes-api/index.ts';
import { injectionSettings, injectManifest, type Pod, parsePod } from '../../src/proxies/index.ts';
import type { Container } from '../../src/proxies/injection/pod.ts';
import { CertificateAuthority } from '../../src/security/index.ts';
import { startApiServer, type TestApiServer, withoutKubernetes } from '../kubernetes/api-server.ts';
import { containerOf } from './pod-namespace.ts';
import { appPod, injected, SETTINGS } from './pods.ts';

const skip = withoutKubernetes();
const CASES = join(import.meta.dirname, 'cases');
const NAME = 'istio-sidecar-injector';

let cluster: TestApiServer;
let server: Server;
let broken = false;
const asked: InjectionPath[] = [];
const said: string[] = [];

before(async () => {
  if (skip) return;
  const authority = CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now: Date.now });
  const issued = authority.issueServer([{ kind: 'ip', address: '127.0.0.1' }], { ttlMs: 3_600_000 });
  const log = (fields: object, text: string): void => void said.push(`${text} ${JSON.stringify(fields)}`);
  const handler = createInjectionHandler({
    settings: (path) => {
      asked.push(path);
      if (broken) throw new Error('the settings are broken');
      return injectionSettings({ values: { global: { hub: 'registry.example' } }, ...path });
    },
    log: { debug: log, info: log, warn: log },
  });
  server = createServer({ cert: issued.certificateChainPem, key: issued.privateKeyPem }, (request, response) => {
    if (!handler(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  cluster = await startApiServer();
  await cluster.admin.send('POST', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations', {
    metadata: { name: NAME },
    webhooks: [
      {
        name: 'namespace.sidecar-injector.istio.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
        clientConfig: {
          url: `https://127.0.0.1:${port}/inject/cluster/cluster1/net/network1`,
          caBundle: Buffer.from(authority.root.pem).toString('base64'),
        },
        namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  });
  await cluster.admin.send('POST', '/api/v1/namespaces', {
    metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } },
  });
  await until(async () => (await create(appPod())).spec.initContainers?.length === 2);
});

after(async () => {
  await cluster?.stop();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
});

/** The API server takes a moment until it knows of a webhook. */
async function until(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not so within 20 s; the webhook said: ${said.join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** As `kubectl create --dry-run=server`: all is checked, nothing is kept. */
async function create(pod: Pod): Promise<Pod> {
  const { generateName, ...metadata } = pod.metadata;
  const body = { ...pod, metadata: { ...metadata, name: `${generateName ?? ''}abcde`, namespace: 'shop' } };
  const created = await cluster.admin.send<KubernetesObject>(
    'POST',
    '/api/v1/namespaces/shop/pods?dryRun=All&fieldValidation=Strict',
    { ...body, metadata: { ...body.metadata, ownerReferences: [] } },
  );
  const read = parsePod(created);
  if (typeof read === 'string') throw new Error(read);
  return read;
}

const PROBED_CONTAINER = {
  name: 'app',
  image: 'registry.example/app:1',
  ports: [{ containerPort: 8080, name: 'http' }],
  readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
  livenessProbe: { tcpSocket: { port: 8080 } },
  startupProbe: { grpc: { port: 9090, service: 'app' } },
  lifecycle: { preStop: { httpGet: { path: '/quit', port: 8080 } } },
};

test('a pod of the namespace gets its proxy, and the API server takes it', { skip }, async () => {
  const pod = await create(appPod());
  assert.deepEqual(
    pod.spec.initContainers?.map(({ name, restartPolicy = '' }) => [name, restartPolicy]),
    [
      ['istio-init', ''],
      ['istio-proxy', 'Always'],
    ],
  );
  assert.deepEqual(asked.at(-1), { cluster: 'cluster1', network: 'network1' });
  assert.match(said.at(-1) ?? '', /pod gets its proxy .*"pod":"shop\/service-5d8c7f-abcde"/);
});

test('what the API server takes: probes, a gateway, own changes, annotations, short lives', { skip }, async () => {
  const probed = await create(appPod({ spec: { containers: [PROBED_CONTAINER] } }));
  const paths = ['readinessProbe', 'livenessProbe', 'startupProbe'].map(
    (field) => (containerOf(probed, 'app')[field] as { httpGet: { path: string } }).httpGet.path,
  );
  assert.deepEqual(paths, ['/app-health/app/readyz', '/app-health/app/livez', '/app-health/app/startupz']);
  const gateway = await create(
    appPod({
      annotations: { 'inject.istio.io/templates': 'gateway' },
      spec: { containers: [{ name: 'istio-proxy', image: 'auto', ports: [{ containerPort: 15443 }] }] },
    }),
  );
  assert.equal(containerOf(gateway, 'istio-proxy').image, 'registry.example/pelagos:0.1.0');
  assert.equal(gateway.spec.initContainers, undefined);
  const own = await create(
    appPod({
      spec: {
        containers: [
          { name: 'app', image: 'registry.example/app:1' },
          { name: 'istio-proxy', image: 'auto', resources: { requests: { cpu: '10m' } } },
        ],
      },
    }),
  );
  assert.deepEqual(containerOf(own, 'istio-proxy')['resources'], {
    requests: { cpu: '10m', memory: '128Mi' },
    limits: { cpu: '2', memory: '1Gi' },
  });
  for (const terminationGracePeriodSeconds of [0, 1, 2, 3, 60]) {
    await create(appPod({ spec: { terminationGracePeriodSeconds } }));
  }
  await create(
    appPod({ annotations: { 'sidecar.istio.io/proxyCPU': '5m', 'sidecar.istio.io/proxyMemoryLimit': '64Mi' } }),
  );
});

test('the API server takes what becomes of every case', { skip }, async () => {
  await cluster.admin.send('POST', '/api/v1/namespaces', { metadata: { name: 'plain' } });
  for (const name of readdirSync(CASES)) {
    const { pod, values } = parse(readFileSync(join(CASES, name, 'case.yaml'), 'utf8'));
    const given = parsePod(pod);
    assert.ok(typeof given !== 'string');
    const result = injected(given, injectionSettings({ values, cluster: 'cluster1' }));
    const withImage = (container: Container): Container => ({ image: 'registry.example/app:1', ...container });
    const spec = {
      // The API server's own admission has set it before it asks the webhook.
      serviceAccountName: 'default',
      ...result.spec,
      containers: result.spec.containers.map(withImage),
      initContainers: result.spec.initContainers?.map(withImage) ?? [],
    };
    const metadata = { ...result.metadata, name: 'x', namespace: 'plain', ownerReferences: [] };
    const path = '/api/v1/namespaces/plain/pods?dryRun=All&fieldValidation=Strict';
    await assert.doesNotReject(cluster.admin.send('POST', path, { ...result, metadata, spec }), name);
  }
});

test('a pod that has its proxy, and one on the network of its node, are left alone', { skip }, async () => {
  const { documents } = injectManifest([appPod()], SETTINGS);
  const once = parsePod(documents[0]);
  assert.ok(typeof once !== 'string');
  const twice = await create(once);
  assert.equal(twice.spec.initContainers?.length, 2);
  assert.match(said.at(-1) ?? '', /gets no proxy .*has its proxy already/);
  const onNode = await create(appPod({ spec: { hostNetwork: true } }));
  assert.equal(onNode.spec.initContainers, undefined);
});

test('the author of an annotation that is not understood is told', { skip }, async () => {
  const pod = await create(appPod({ annotations: { 'traffic.sidecar.istio.io/excludeOutboundPorts': 'ssh' } }));
  assert.equal(pod.spec.initContainers?.length, 2);
  assert.match(said.at(-1) ?? '', /excludeOutboundPorts is ignored/);
});

test('where injection fails, the pod is refused: it would run without protection', { skip }, async (t) => {
  broken = true;
  t.after(() => (broken = false));
  await assert.rejects(
    create(appPod()),
    (error) => error instanceof ApiError && /Injection failed/.test(String(error)),
  );
});
