import assert from 'node:assert/strict';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findEnvoy } from '../proxies/index.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { PodStatus } from './fleet-api.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const envoy = await findEnvoy();
const skip = envoy.kind === 'found' ? false : `no Envoy: ${envoy.diagnostic.message}`;

let fleet: Fleet | undefined;
let folder = '';

afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function up(example: string, change?: (dir: string) => Promise<void>): Promise<Fleet> {
  folder = await mkdtemp(join(tmpdir(), 'pelagos-mesh-'));
  const dir = join(folder, example);
  await cp(join(EXAMPLES, example), dir, { recursive: true });
  await change?.(dir);
  fleet = await startFleet({ dir, env: { ...process.env, PELAGOS_STATE: join(folder, 'state') } });
  assert.equal(await fleet.ready(30_000), true, JSON.stringify(fleet.status(), null, 1));
  assert.deepEqual(
    fleet.diagnostics().filter(({ severity }) => severity === 'error'),
    [],
  );
  return fleet;
}

function pods(cluster: number, app = 'service'): readonly PodStatus[] {
  return fleet?.status().clusters[cluster]?.pods.filter(({ labels }) => labels['app'] === app) ?? [];
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly echo: Readonly<Record<string, unknown>>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** As a program of the pod would call it: by its http_proxy. */
async function call(pod: PodStatus | undefined, url: string, method = 'GET'): Promise<Answer> {
  const host = new URL(url).host;
  return await new Promise((resolve, reject) => {
    const ask = request(
      { agent, host: pod?.address, port: 15_001, method, path: url, headers: { host }, timeout: 10_000 },
      (response) => {
        let text = '';
        response.on('data', (part) => (text += part));
        response.on('end', () => {
          const echo = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
          resolve({ status: response.statusCode ?? 0, text, echo });
        });
      },
    );
    ask.on('error', reject);
    ask.on('timeout', () => ask.destroy(new Error('no answer in 10 s')));
    ask.end();
  });
}

async function until(look: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await look())) {
    if (Date.now() > end) assert.fail(`not in time: ${what}; ${JSON.stringify(fleet?.status().clusters, null, 1)}`);
    await sleep(25);
  }
}

/** The process of one of this fleet's pods, by the record of it. */
async function pidOf(name: string): Promise<number> {
  const records = fleet?.paths.processes ?? '';
  for (const file of await readdir(records)) {
    // A process may end, and its record go, while the folder is read.
    const text = await readFile(join(records, file), 'utf8').catch(() => undefined);
    const record = text === undefined ? undefined : (JSON.parse(text) as { pid: number; name: string });
    if (record?.name === name) return record.pid;
  }
  return assert.fail(`no process ${name}`);
}

test('two clusters: calls go to the other one, in mTLS, and policies hold', { skip }, async () => {
  const running = await up('two-clusters');
  const [client] = pods(0);
  const versions = new Set<unknown>();
  for (let count = 0; count < 12; count++) {
    const { status, echo } = await call(client, 'http://service.cluster2/hello');
    assert.deepEqual(
      [status, echo['cluster'], echo['caller']],
      [200, 'cluster2', 'spiffe://cluster.local/ns/default/sa/service'],
    );
    versions.add(echo['version']);
  }
  assert.deepEqual([...versions].sort(), ['v1', 'v2']);
  const refused = await call(client, 'http://service.cluster2/hello', 'DELETE');
  assert.deepEqual([refused.status, refused.text], [403, 'RBAC: access denied']);
  const [control] = pods(0, 'istiod');
  assert.deepEqual([control?.ready, control?.owner], [true, 'deployment/istiod']);
  const { controlPlane } = running.status().clusters[0] ?? {};
  assert.equal(controlPlane?.connectedProxies, 5);
});

test('a rolling update and scaling lose no request', { skip }, async () => {
  await up('two-clusters');
  const [client] = pods(0);
  const failures: string[] = [];
  const versions = new Set<unknown>();
  let isOver = false;
  const loops = [1, 2, 3, 4].map(async () => {
    while (!isOver) {
      const answer = await call(client, 'http://service.cluster2/?delay=20ms').catch((error: Error) => error.message);
      if (typeof answer === 'string') failures.push(answer);
      else if (answer.status !== 200) failures.push(`${answer.status} ${answer.text}`);
      else versions.add(answer.echo['version']);
    }
  });
  try {
    const file = join(folder, 'two-clusters', 'cluster2', 'service.yaml');
    const text = await readFile(file, 'utf8');
    await sleep(200);
    await writeFile(file, text.replaceAll('version: v1', 'version: v3'));
    await until(
      () => pods(1).length === 3 && pods(1).every((pod) => pod.ready && pod.labels['version'] !== 'v1'),
      'v3',
    );
    await writeFile(file, text.replaceAll('version: v1', 'version: v3').replace('replicas: 2', 'replicas: 1'));
    await until(() => pods(1).length === 2, 'one pod less');
  } finally {
    // Callers that go on would keep a failed test from ending.
    isOver = true;
    await Promise.all(loops);
  }
  assert.deepEqual(failures, []);
  assert.ok(versions.has('v3'));
});

test('what is killed comes back, and calls go elsewhere meanwhile', { skip }, async () => {
  await up('two-clusters');
  const [client] = pods(0);
  const [victim, other] = pods(1);
  const path = `cluster2/default/${victim?.name}`;
  await call(client, 'http://service.cluster2/');
  process.kill(await pidOf(`${path}/istio-proxy`), 'SIGKILL');
  process.kill(await pidOf(`cluster2/default/${other?.name}/app`), 'SIGKILL');
  await until(() => pods(1).some(({ phase }) => phase === 'CrashLoopBackOff'), 'the ends to be seen');
  await until(() => pods(1).every(({ ready }) => ready), 'all to be back');
  assert.ok(pods(1).some(({ restarts }) => restarts > 0));
  const served = new Set<unknown>();
  await until(async () => {
    const answer = await call(client, 'http://service.cluster2/');
    if (answer.status === 200) served.add(answer.echo['pod']);
    return served.size === 3;
  }, 'every pod to serve again');
});

test('regions: one name, weights over both', { skip }, async () => {
  await up('multi-region');
  const [client] = pods(0);
  const counts: Record<string, number> = {};
  for (let count = 0; count < 100; count++) {
    const { status, echo } = await call(client, 'http://service.global/');
    assert.equal(status, 200);
    counts[String(echo['cluster'])] = (counts[String(echo['cluster'])] ?? 0) + 1;
  }
  const east = counts['us-east'] ?? 0;
  assert.ok(east > 50 && east < 90, JSON.stringify(counts));
});

test('hybrid cloud: a host outside by DNS, on this machine its stand-in', { skip }, async () => {
  await up('hybrid-cloud');
  const { status, echo } = await call(pods(0)[0], 'http://service.cloud/');
  assert.deepEqual([status, echo['cluster'], echo['pod']], [200, 'outside', 'service.cloud.provider.com']);
});

test('a remote cluster: its proxies are served by the primary, its own rules are pointed out', { skip }, async () => {
  const running = await up('two-clusters', async (dir) => {
    const file = join(dir, 'fleet.yaml');
    await writeFile(
      file,
      (await readFile(file, 'utf8')).replace('name: cluster2', 'name: cluster2\n    primary: cluster1'),
    );
    await mkdir(join(dir, 'cluster2'), { recursive: true });
  });
  const [, remote] = running.status().clusters;
  assert.deepEqual([remote?.controlPlane.cluster, remote?.controlPlane.connectedProxies], ['cluster1', 5]);
  const there = await call(pods(0)[0], 'http://service.cluster2/');
  assert.deepEqual([there.status, there.echo['cluster']], [200, 'cluster2']);
  const back = await call(pods(1)[0], 'http://service.cluster2/');
  assert.deepEqual([back.status, back.echo['cluster']], [200, 'cluster2']);
  const warned = running.diagnostics().filter(({ code }) => code === 'PEL6010');
  assert.ok(warned.some(({ object }) => object?.kind === 'AuthorizationPolicy'));
});
