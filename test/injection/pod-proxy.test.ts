/** The proxy of an injected pod, as it is: the stock Envoy with its argument, in a network of its own, redirected by the rules. */
import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEnvoy, ROOTS_FILE, TOKEN_FILE, writeXdsFiles } from '../../src/proxies/index.ts';
import { CertificateAuthority } from '../../src/security/index.ts';
import { ControlPlaneStand } from '../proxies/control-plane-stand.ts';
import { PodNamespace, withoutNamespaces } from './pod-namespace.ts';
import { appPod, injected } from './pods.ts';

const envoy = await findEnvoy();
const skip = envoy.kind === 'missing' ? 'no Envoy found: set PELAGOS_ENVOY, or run set-up' : withoutNamespaces();

const APP_PORT = 8080;
const issued = CertificateAuthority.createRoot('cluster1', { trustDomain: 'cluster.local', now: Date.now }).issueServer(
  [{ kind: 'dns', name: 'somebody.example' }],
  { ttlMs: 3_600_000 },
);
/**
 * Answers on 8080 with the request's line and headers; /fail is 500, /moved leads elsewhere. 9000 takes connections. 8443 is
 * HTTPS. 9090 speaks gRPC's health protocol: the service "down" is not serving.
 */
const APP = `
const http = require('node:http');
http.createServer((req, res) => {
  if (req.url === '/fail') res.statusCode = 500;
  if (req.url === '/moved') { res.statusCode = 302; res.setHeader('location', '/elsewhere'); }
  if (req.url === '/slow') return void setTimeout(() => res.end('slow'), 3000);
  res.end(JSON.stringify({ url: req.url, headers: req.headers, from: req.socket.remoteAddress }));
}).listen(${APP_PORT}, '0.0.0.0');
require('node:net').createServer((socket) => socket.end()).listen(9000, '0.0.0.0');
const tls = ${JSON.stringify({ cert: issued.certificateChainPem, key: issued.privateKeyPem })};
require('node:https').createServer(tls, (req, res) => res.end('over TLS')).listen(8443, '0.0.0.0');
require('node:http2').createServer().on('stream', (stream) => {
  let asked = '';
  stream.on('data', (data) => (asked += data));
  stream.on('end', () => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, asked.includes('down') ? 2 : 1]));
  });
}).listen(9090, '0.0.0.0');
`;

/** Asks the inbound listener again and again over kept connections, and says what came of it. */
const LOAD = `
const http = require('node:http');
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const seen = { answered: 0, failed: 0, told: 0 };
const end = Date.now() + 3000;
function ask(done) {
  if (Date.now() > end) return done();
  http.get({ agent, host: '127.0.0.1', port: 15006 }, (response) => {
    seen[response.statusCode === 200 ? 'answered' : 'failed']++;
    if (response.headers.connection === 'close') seen.told++;
    response.resume().on('end', () => ask(done));
  }).on('error', () => { seen.failed++; ask(done); });
}
Promise.all([1, 2, 3, 4].map(() => new Promise(ask))).then(() => { console.log(JSON.stringify(seen)); process.exit(); });
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
          livenessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 2 },
          startupProbe: { httpGet: { path: '/moved', port: APP_PORT } },
        },
        { name: 'secure', livenessProbe: { httpGet: { path: '/', port: 8443, scheme: 'HTTPS' } } },
        {
          name: 'rpc',
          livenessProbe: { grpc: { port: 9090 }, periodSeconds: 4 },
          readinessProbe: { grpc: { port: 9090, service: 'down' } },
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
  await eventually(async () => (await ask('/app-health/rpc/livez')).status === 200);
  assert.equal((await ask('/app-health/rpc/readyz')).status, 503);
  assert.deepEqual(await ask('/app-health/secure/livez'), { status: 200, body: 'over TLS' });
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
  await eventually(async () => (await ask('/app-health/rpc/livez')).status === 503);
  assert.equal((await ask('/app-health/secure/livez')).status, 503);
});

test('a pod that is told to end sends its callers away and answers them until the application has ended', {
  skip,
}, async () => {
  const app = namespace.start(['/run/node', '-e', APP], { uid: 1000 });
  await eventually(async () => (await ask('/app-health/app/readyz')).status === 200);
  const load = namespace.run(['/run/node', '-e', LOAD], { uid: 1000 });
  await sleep(1_000);
  await namespace.preStop(PROBED);
  const { answered, failed, told } = JSON.parse((await load).stdout);
  app.kill('SIGKILL');
  assert.equal(failed, 0);
  assert.ok(told > 0 && told < answered, `${told} of ${answered}`);
  assert.equal((await ask('/healthz/ready')).status, 200);
});

test('a gateway ends when the requests in progress have', { skip }, async (t) => {
  const gateway = injected(
    appPod({
      annotations: { 'inject.istio.io/templates': 'gateway', 'proxy.istio.io/config': 'terminationDrainDuration: 1s' },
      spec: { terminationGracePeriodSeconds: 20, containers: [{ name: 'istio-proxy', image: 'auto' }] },
    }),
  );
  const second = new PodNamespace();
  await second.create({ envoy: envoy.kind === 'missing' ? '' : envoy.path, node: process.execPath }, namespace);
  t.after(() => second.remove());
  second.start(['/run/node', '-e', APP], { uid: 1000 });
  second.startProxy(gateway);
  const isReady = `curl -s -m 1 -o /dev/null -w '%{http_code}' http://127.0.0.1:15021/healthz/ready`;
  await eventually(async () => (await second.run(['sh', '-c', isReady])).stdout === '200');
  const idleMs = performance.now();
  await second.preStop(gateway);
  assert.ok(performance.now() - idleMs < 2_500);
  const slow = second.run(['curl', '-s', 'http://127.0.0.1:15006/slow']);
  await sleep(300);
  await second.preStop(gateway);
  assert.equal((await Promise.race([slow, sleep(500, { stdout: 'still going' })])).stdout, 'slow');
});
