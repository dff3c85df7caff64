/** The proxy of an injected pod, as it is: the stock Envoy with its argument, in a network of its own, redirected by the rules. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEnvoy, ROOTS_FILE, TOKEN_FILE, writeXdsFiles } from '../../src/proxies/index.ts';
import { ControlPlaneStand } from '../proxies/control-plane-stand.ts';
import { PodNamespace, withoutNamespaces } from './pod-namespace.ts';
import { appPod, injected } from './pods.ts';

const envoy = await findEnvoy();
const skip = envoy.kind === 'missing' ? 'no Envoy found: set PELAGOS_ENVOY, or run set-up' : withoutNamespaces();

const APP_PORT = 8080;
/** Answers on 8080 with the request's line and headers; /fail is 500, /moved leads elsewhere. 9000 takes connections. */
const APP = `
const http = require('node:http');
http.createServer((req, res) => {
  if (req.url === '/fail') res.statusCode = 500;
  if (req.url === '/moved') { res.statusCode = 302; res.setHeader('location', '/elsewhere'); }
  res.end(JSON.stringify({ url: req.url, headers: req.headers, from: req.socket.remoteAddress }));
}).listen(${APP_PORT}, '0.0.0.0');
require('node:net').createServer((socket) => socket.end()).listen(9000, '0.0.0.0');
`;

const PROBED = injected(
  appPod({
    spec: {
      containers: [
        {
          name: 'app',
          ports: [{ containerPort: APP_PORT, name: 'http' }],
          readinessProbe: {
            httpGet: { path: '/ready?deep=1', port: 'http', httpHeaders: [{ name: 'X-Probe', value: 'yes' }] },
          },
          livenessProbe: { tcpSocket: { port: 9000 } },
          startupProbe: { httpGet: { path: '/moved', port: APP_PORT } },
        },
        { name: 'broken', livenessProbe: { httpGet: { path: '/fail', port: APP_PORT } } },
      ],
    },
  }),
);

let folder = '';
let stand: ControlPlaneStand;
const namespace = new PodNamespace();
let log = '';

before(async () => {
  if (skip || envoy.kind === 'missing') return;
  folder = await mkdtemp(join(tmpdir(), 'pelagos-injection-'));
  await namespace.create({ envoy: envoy.path, node: process.execPath });
  stand = new ControlPlaneStand(folder, namespace.host);
  stand.port = 15012;
  stand.serve('inbound', { listen: 15006, app: APP_PORT });
  await Promise.all([stand.writeToken('token-1'), stand.writeRoots(), stand.start()]);
  await mkdir(join(namespace.secrets, 'tokens'));
  await writeXdsFiles(join(namespace.secrets, 'istio'), { tokenFile: TOKEN_FILE, rootsFile: ROOTS_FILE });
  await cp(join(folder, 'trust', 'roots.pem'), join(namespace.secrets, 'istio', 'root-cert.pem'));
  await writeFile(join(namespace.secrets, 'tokens', 'istio-token'), 'token-1');
  await namespace.giveSecrets();
  await namespace.init(PROBED);
  const proxy = namespace.startProxy(PROBED);
  proxy.stderr?.on('data', (data) => (log += data));
  proxy.stdout?.on('data', (data) => (log += data));
  await eventually(async () => (await ask('/healthz/ready')).status === 200);
});

after(async () => {
  await namespace.remove();
  await stand?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** As the kubelet asks: from outside, at the pod's address. */
async function ask(path: string, port = 15021): Promise<{ readonly status: number; readonly body: string }> {
  try {
    const response = await fetch(`http://${namespace.address}:${port}${path}`, {
      headers: { 'X-Probe': 'yes' },
      redirect: 'manual',
      signal: AbortSignal.timeout(1_000),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    return { status: 0, body: String(error) };
  }
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 15_000;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not so within 15 s; the proxy said:\n${log.slice(-4_000)}`);
    await sleep(50);
  }
}

test('the proxy reaches its control plane by name, proves itself by its token, and says who it is', { skip }, () => {
  assert.deepEqual([...new Set(stand.tokens)], ['Bearer token-1']);
  const node = stand.nodes.at(-1);
  assert.equal(node?.id, `sidecar~${namespace.address}~pod.default~default.svc.cluster.local`);
  assert.deepEqual(node?.metadata, {
    NAME: 'pod',
    NAMESPACE: 'default',
    CLUSTER_ID: 'cluster1',
    NETWORK: 'network1',
    WORKLOAD_NAME: 'service',
    SERVICE_ACCOUNT: 'default',
  });
});

test('its statistics are there for Prometheus, its admin interface is not', { skip }, async () => {
  const stats = await ask('/stats/prometheus', 15090);
  assert.equal(stats.status, 200);
  assert.match(stats.body, /envoy_server_live/);
  assert.equal((await ask('/config_dump', 15090)).status, 404);
  assert.equal((await ask('/config_dump', 15021)).status, 404);
});

test('probes of an application follow the application', { skip }, async () => {
  assert.equal((await ask('/healthz/ready')).status, 200);
  assert.equal((await ask('/app-health/app/readyz')).status, 503);
  assert.equal((await ask('/app-health/app/livez')).status, 503);
  const app = namespace.start(['/run/node', '-e', APP], { uid: 1000 });
  await eventually(async () => (await ask('/app-health/app/readyz')).status === 200);
  await eventually(async () => (await ask('/app-health/app/livez')).status === 200);
  const { url, headers, from } = JSON.parse((await ask('/app-health/app/readyz')).body);
  assert.equal(url, '/ready?deep=1');
  assert.equal(from, '127.0.0.6');
  assert.equal(headers['x-probe'], 'yes');
  assert.deepEqual(
    Object.keys(headers).filter((name) => /^x-(forwarded|envoy|request)/.test(name)),
    [],
  );
  assert.equal((await ask('/app-health/app/startupz')).status, 302);
  assert.equal((await ask('/app-health/broken/livez')).status, 500);
  assert.equal((await ask('/app-health/other/livez')).status, 404);
  app.kill('SIGKILL');
  await eventually(async () => (await ask('/app-health/app/readyz')).status === 503);
  await eventually(async () => (await ask('/app-health/app/livez')).status === 503);
});
