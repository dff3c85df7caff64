import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Fleet, startFleet } from './fleet.ts';
import type { ApplyResult, ObjectList, PodAccess, PodStatus } from './fleet-api.ts';
import { FleetError } from './fleet-error.ts';
import { listProcesses } from './process/process-table.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: service}
spec:
  selector: {app: service}
  ports: [{name: http, port: 80, targetPort: web}]
`;

function deployment(version: string, replicas = 2, command = ''): string {
  return `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: service}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: service}}
  template:
    metadata:
      labels: {app: service, version: ${version}}
      ${command === '' ? '' : `annotations: {pelagos.dev/command: ${JSON.stringify(command)}}`}
    spec:
      terminationGracePeriodSeconds: 2
      containers:
      - {name: web, image: "web:1", ports: [{name: web, containerPort: 8080}]}
`;
}

let dir = '';
let fleet: Fleet | undefined;
const folders: string[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'pelagos-fleet-'));
  folders.push(dir);
  await mkdir(join(dir, 'fleet', 'cluster1'), { recursive: true });
});
afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
});
after(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function env(): Record<string, string | undefined> {
  return { ...process.env, PELAGOS_STATE: join(dir, 'state') };
}

async function up(text: string): Promise<Fleet> {
  await write(text);
  fleet = await startFleet({ dir: join(dir, 'fleet'), env: env(), withMesh: false });
  return fleet;
}

async function write(text: string): Promise<void> {
  await writeFile(join(dir, 'fleet', 'cluster1', 'app.yaml'), text);
}

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>, what: string): Promise<T> {
  const end = Date.now() + 15_000;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) assert.fail(`not in time: ${what}; ${JSON.stringify(fleet?.status(), null, 1)}`);
    await sleep(20);
  }
}

function pods(): readonly PodStatus[] {
  return fleet?.status().clusters[0]?.pods ?? [];
}

async function ask<T>(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly value: T }> {
  const socketPath = fleet?.paths.controlSocket ?? '';
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = request({ socketPath, method, path, agent: false }, resolve);
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
  let text = '';
  for await (const part of response) text += String(part);
  return { status: response.statusCode ?? 0, value: JSON.parse(text) as T };
}

async function slices(): Promise<readonly Record<string, unknown>[]> {
  const { value } = await ask<ObjectList>('GET', '/v1/clusters/cluster1/objects/EndpointSlice?namespace=default');
  return value.items.map(({ body }) => body);
}

test('a folder of manifests becomes processes that answer, with slices that say where', async () => {
  const running = await up(SERVICE + deployment('v1'));
  assert.equal(await running.ready(15_000), true);
  assert.deepEqual(
    pods().map(({ owner, ready, containers, proxy }) => [owner, ready, containers.total, proxy]),
    [
      ['deployment/service', true, 1, 'none'],
      ['deployment/service', true, 1, 'none'],
    ],
  );
  const found = await slices();
  assert.equal(found.length, 2);
  for (const slice of found) {
    const [endpoint] = slice['endpoints'] as { addresses: string[]; conditions: unknown }[];
    const [port] = slice['ports'] as { port: number; name: string }[];
    assert.deepEqual(endpoint?.conditions, { ready: true, serving: true, terminating: false });
    const answer = await fetch(`http://${endpoint?.addresses[0]}:${port?.port}/hello`);
    const echo = (await answer.json()) as Record<string, unknown>;
    assert.deepEqual(
      [echo['cluster'], echo['app'], echo['version'], echo['path']],
      ['cluster1', 'service', 'v1', '/hello'],
    );
  }
  const state = await stat(running.paths.controlSocket);
  assert.equal(state.mode & 0o777, 0o600);
  await running.stop();
  await assert.rejects(stat(running.paths.root));
});

test('a saved file rolls out pod by pod: never fewer ready pods than wanted', async () => {
  const running = await up(SERVICE + deployment('v1'));
  await running.ready(15_000);
  const counts = new Set<number>();
  const off = running.onChange(() => counts.add(pods().filter(({ ready }) => ready).length));
  await write(SERVICE + deployment('v2'));
  await until(() => pods().length === 2 && pods().every((pod) => pod.ready && pod.labels['version'] === 'v2'), 'v2');
  off();
  assert.ok(Math.min(...counts) >= 2, `ready pods: ${[...counts]}`);
});

test('a broken save keeps what runs, and says where it is broken', async () => {
  const running = await up(SERVICE + deployment('v1', 1));
  await running.ready(15_000);
  await write(SERVICE + deployment('v2', 1).replace('replicas: 1', 'replicas: many'));
  const found = await until(() => running.diagnostics().find(({ severity }) => severity === 'error'), 'a finding');
  assert.equal(found.at?.line, 12);
  assert.ok(pods().every((pod) => pod.labels['version'] === 'v1'));
  await write(SERVICE + deployment('v2', 1));
  await until(() => pods().every((pod) => pod.ready && pod.labels['version'] === 'v2'), 'v2');
  assert.deepEqual(
    running.diagnostics().filter(({ severity }) => severity === 'error'),
    [],
  );
});

test('a local command gets its port, its environment and is started again when it ends', async () => {
  const script =
    'echo "up on $PORT as $WHO"; exec node -e "require(\\"http\\").createServer((q,s)=>q.url===\\"/end\\"?process.exit(3):s.end(process.env.WHO)).listen(process.env.PORT,process.env.HOST)"';
  const text = deployment('v1', 1, script).replace(
    'containerPort: 8080}]',
    'containerPort: 8080}], env: [{name: WHO, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]',
  );
  const running = await up(SERVICE + text);
  assert.equal(await running.ready(15_000), true);
  const [pod] = pods();
  const { value } = await ask<PodAccess>('GET', `/v1/clusters/cluster1/namespaces/default/pods/${pod?.name}`);
  const url = `http://${value.env['HOST']}:${value.env['PORT']}`;
  assert.equal(await (await fetch(url)).text(), 'default');
  await fetch(`${url}/end`).catch(() => undefined);
  await until(() => pods()[0]?.restarts === 1 && pods()[0]?.ready, 'a restart');
  assert.match(await readFile(value.logs['app'] ?? '', 'utf8'), /up on \d+ as default/);
});

test('a command that keeps ending is shown as such, with its last words', async () => {
  const running = await up(deployment('v1', 1, 'echo no database; exit 1'));
  const pod = await until(
    () => pods().find(({ phase, restarts }) => phase === 'CrashLoopBackOff' && restarts > 0),
    'a crash loop',
  );
  assert.match(pod.reason, /exit code 1/);
  assert.match(
    running
      .diagnostics()
      .map(({ code, remedy }) => code + remedy)
      .join(),
    /PEL5009.*no database/s,
  );
  assert.equal(running.status().ready, false);
});

test('apply, get and delete over the control socket', async () => {
  await up(deployment('v1', 1));
  await fleet?.ready(15_000);
  const applied = await ask<ApplyResult>('POST', '/v1/clusters/cluster1/apply', {
    file: '-',
    text: SERVICE,
    namespace: 'other',
  });
  assert.deepEqual(
    applied.value.objects.map(({ ref, action }) => [ref.namespace, ref.name, action]),
    [['other', 'service', 'created']],
  );
  const again = await ask<ApplyResult>('POST', '/v1/clusters/cluster1/apply', {
    file: '-',
    text: SERVICE,
    namespace: 'other',
  });
  assert.equal(again.value.objects[0]?.action, 'unchanged');
  const listed = await ask<ObjectList>('GET', '/v1/clusters/cluster1/objects/Service?namespace=other');
  assert.equal(listed.value.items.length, 1);
  const gone = await ask<ApplyResult>('POST', '/v1/clusters/cluster1/delete', {
    kind: 'Deployment',
    name: 'service',
    namespace: 'default',
  });
  assert.equal(gone.value.objects[0]?.action, 'deleted');
  await until(() => pods().length === 0, 'the pods to go with their deployment');
  const wrong = await ask<{ error: { code: string; remedy: string } }>('GET', '/v1/clusters/nowhere/objects/Pod');
  assert.deepEqual(
    [wrong.status, wrong.value.error.code, wrong.value.error.remedy],
    [404, 'not-found', 'There are: cluster1.'],
  );
});

test('a running fleet cannot be started twice', async () => {
  const running = await up(deployment('v1', 1));
  const again = startFleet({ dir: join(dir, 'fleet'), env: env(), withMesh: false });
  await assert.rejects(again, (error) => error instanceof FleetError && error.code === 'already-running');
  assert.notEqual(running.status().phase, 'stopping');
});

test('what a killed run left is cleared away by the next one', async () => {
  await write(deployment('v1', 1, 'sleep 1000 & exec sleep 1000'));
  const program = `
    import { startFleet } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const fleet = await startFleet({ dir: ${JSON.stringify(join(dir, 'fleet'))}, withMesh: false });
    console.log(fleet.paths.root);
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env: env() as NodeJS.ProcessEnv });
  const [root] = (await once(child.stdout, 'data')) as [Buffer];
  const records = join(String(root).trim(), 'processes');
  await until(async () => (await readdir(records).catch(() => [])).length > 0, 'a process to be noted');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const [record] = await readdir(records);
  const left = Number(record?.split('.')[0]);
  fleet = await startFleet({ dir: join(dir, 'fleet'), env: env(), withMesh: false });
  assert.ok((await readdir(records).catch(() => [])).every((name) => name !== record));
  assert.deepEqual(
    listProcesses().filter(({ groupId }) => groupId === left),
    [],
  );
});

test('a job runs to its end', async () => {
  await up(
    deployment('v1', 1, 'exit 0')
      .replace('kind: Deployment', 'kind: Job')
      .replace('apps/v1', 'batch/v1')
      .replace(/ {2}replicas.*\n.*selector.*\n/, ''),
  );
  await until(() => pods()[0]?.phase === 'Succeeded', 'the job to succeed');
  assert.equal(await fleet?.ready(5_000), true);
});

test('a pod waits for what it names, and starts when that comes', async () => {
  const text = deployment('v1', 1).replace(
    'ports: [{name: web',
    'envFrom: [{configMapRef: {name: settings}}], ports: [{name: web',
  );
  await up(text);
  const pod = await until(() => pods().find(({ reason }) => reason !== ''), 'a reason');
  assert.deepEqual([pod.phase, pod.reason], ['Pending', 'there is no ConfigMap settings']);
  await write(`${text}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {COLOR: red}\n`);
  await until(() => pods()[0]?.ready, 'the pod to be ready');
});
