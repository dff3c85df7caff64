import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ProcessGroup, startTimeOf } from '../../src/embedded/process/index.ts';
import {
  findEnvoy,
  LocalProxyRuntime,
  ProxyError,
  type ProxySpec,
  type RunningProxy,
} from '../../src/proxies/index.ts';
import { ControlPlaneStand } from './control-plane-stand.ts';

const envoy = await findEnvoy();
const skip = envoy.kind === 'missing' ? 'no Envoy found: set PELAGOS_ENVOY, or run set-up' : false;

let folder = '';
let stand: ControlPlaneStand;
let processes: ProcessGroup;
let app: Server;
let listenPort = 0;
let spec: ProxySpec;
let proxy: RunningProxy;
const phases: string[] = [];

before(async () => {
  if (envoy.kind === 'missing') return;
  folder = mkdtempSync(join(tmpdir(), 'pelagos-proxies-'));
  processes = new ProcessGroup(join(folder, 'processes'));
  stand = new ControlPlaneStand(folder);
  await Promise.all([stand.writeToken('token-1'), stand.writeRoots(), stand.start()]);
  app = createServer((request, response) => {
    const delayMs = request.url === '/slow' ? 600 : 0;
    setTimeout(() => response.end('hello'), delayMs);
  });
  const appPort = await listen(app);
  const free = createServer();
  listenPort = await listen(free);
  await new Promise((resolve) => free.close(resolve));
  stand.serve('inbound', { listen: listenPort, app: appPort });
  const podFolder = join(folder, 'pod');
  spec = {
    name: 'cluster1/default/service-0/istio-proxy',
    bootstrap: stand.bootstrapSpec(podFolder, await stand.files(podFolder)),
    logFile: join(folder, 'logs', 'istio-proxy.log'),
  };
  proxy = new LocalProxyRuntime(envoy.path, processes).start(spec);
  phases.push(proxy.status().phase);
  proxy.onChange(() => {
    const { phase } = proxy.status();
    if (phases.at(-1) !== phase) phases.push(phase);
  });
});

after(async () => {
  if (envoy.kind === 'missing') return;
  await processes.killAll();
  await stand.stop();
  app.closeAllConnections();
  await new Promise((resolve) => app.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

async function until(check: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await check())) {
    const log = readFileSync(spec.logFile, 'utf8');
    assert.ok(performance.now() < end, `not within ${timeoutMs} ms: ${check}\n${log}`);
    await sleep(20);
  }
}

async function ask(path = '/'): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${listenPort}${path}`, { headers: { connection: 'close' } });
  return `${response.status} ${await response.text()}`;
}

test('an Envoy gets its configuration and is ready, with no secret among its arguments', { skip }, async () => {
  await until(() => proxy.status().phase === 'ready');
  assert.deepEqual(phases, ['starting', 'ready']);
  assert.equal(await ask(), '200 hello');
  assert.deepEqual(stand.tokens, ['Bearer token-1']);
  assert.equal(stand.nodes[0]?.id, 'sidecar~127.0.0.1~service-0.default~default.svc.cluster.local');
  assert.deepEqual(stand.nodes[0]?.metadata['PELAGOS_INTERCEPTION'], spec.bootstrap.interception);
  assert.equal(statSync(spec.bootstrap.adminSocket).mode & 0o777, 0o600);
  if (process.platform === 'linux') {
    const { pid = 0 } = proxy.status();
    assert.ok(!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('token-1'));
  }
});

test('its admin interface answers over the socket', { skip }, async () => {
  assert.match(JSON.stringify(await proxy.admin.configDump()), /inbound_127/);
  assert.match(JSON.stringify(await proxy.admin.clusters()), /cluster_statuses/);
  const stats = await proxy.admin.stats('^cluster\\.inbound\\.upstream_rq_total$');
  assert.equal(stats.get('cluster.inbound.upstream_rq_total'), 1);
  await proxy.admin.setLogLevel('info');
  await assert.rejects(proxy.admin.setLogLevel('loud'), /loud/);
  await assert.rejects(proxy.admin.get('/config_dump', { maxBytes: 100 }), /over 100 bytes/);
});

test('a new token and new roots are taken up without a restart', { skip }, async () => {
  await stand.stop();
  await Promise.all([stand.writeToken('token-2'), stand.replaceRoot()]);
  stand.tokens.length = 0;
  await stand.start();
  await until(() => stand.tokens.includes('Bearer token-2'), 20_000);
  assert.equal(proxy.status().restarts, 0);
});

test('an Envoy that is killed comes back', { skip }, async () => {
  const { pid } = proxy.status();
  assert.ok(pid, 'Envoy does not run');
  process.kill(pid, 'SIGKILL');
  await until(() => proxy.status().phase === 'backing-off');
  const { diagnostic, reason, nextTryAtMs } = proxy.status();
  assert.equal(reason, 'Envoy ended: signal SIGKILL');
  assert.equal(diagnostic?.code, 'PEL5002');
  assert.ok((nextTryAtMs ?? 0) > Date.now() - 1_000);
  await until(() => proxy.status().phase === 'ready');
  assert.equal(proxy.status().restarts, 1);
  assert.notEqual(proxy.status().pid, pid);
  assert.equal(await ask(), '200 hello');
});

test('draining waits for the requests in progress, and takes new ones meanwhile', { skip }, async () => {
  const slow = ask('/slow');
  await until(async () => ((await proxy.admin.stats('downstream_rq_active')).get(inboundRequests()) ?? 0) > 0);
  assert.deepEqual(await proxy.drain(50), { requests: 1, connections: 0 });
  assert.equal(proxy.status().phase, 'draining');
  assert.equal(await ask(), '200 hello');
  assert.deepEqual(await proxy.drain(10_000), { requests: 0, connections: 0 });
  assert.equal(await slow, '200 hello');
});

test('a stopped Envoy is gone', { skip }, async () => {
  const { pid = 0 } = proxy.status();
  await proxy.stop();
  assert.equal(proxy.status().phase, 'stopped');
  assert.equal(startTimeOf(pid), undefined);
  await assert.rejects(proxy.admin.get('/ready'));
});

test('an Envoy that cannot start says why, and waits longer each time', { skip }, async () => {
  const broken = new LocalProxyRuntime('/bin/false', processes).start({ ...spec, name: 'broken' });
  await until(() => broken.status().restarts >= 1 && broken.status().phase === 'backing-off');
  assert.equal(broken.status().reason, 'Envoy ended: exit code 1');
  const { nextTryAtMs = 0, lastEnd } = broken.status();
  assert.equal(nextTryAtMs - (lastEnd?.atMs ?? 0), 1_000);
  await broken.stop();
});

test('an admin socket whose path is too long is refused with what to do', { skip }, () => {
  const adminSocket = join(folder, 'x'.repeat(120), 'admin.sock');
  const start = (): unknown =>
    new LocalProxyRuntime('/bin/false', processes).start({ ...spec, bootstrap: { ...spec.bootstrap, adminSocket } });
  assert.throws(start, (error: unknown) => error instanceof ProxyError && error.diagnostic.code === 'PEL5010');
});

function inboundRequests(): string {
  return `http.inbound_127.0.0.1_${listenPort}.downstream_rq_active`;
}
