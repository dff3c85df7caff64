/** `pelagos up` and `down` as a user runs them: a whole mesh, with real Envoys. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findEnvoy } from '../../src/proxies/index.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MAIN = join(ROOT, 'src/cli/main.ts');
const found = await findEnvoy();
const skip = found.kind === 'found' ? false : 'no Envoy found: set PELAGOS_ENVOY or put envoy on the PATH';

let root = '';
let dir = '';
let env: NodeJS.ProcessEnv = {};

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'pelagos-up-'));
  dir = join(root, 'two-clusters');
  await cp(join(ROOT, 'examples/two-clusters'), dir, { recursive: true });
  env = { ...process.env, PELAGOS_STATE: join(root, 'state') };
});
afterEach(async () => {
  await pelagos(['down', dir]);
});
after(async () => {
  await rm(root, { recursive: true, force: true });
});

interface Run {
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly ended: Promise<number | null>;
}

function start(args: readonly string[]): Run {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: root, env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part) => {
      text += part;
    });
  }
  return { child, text: () => text, ended: new Promise((resolve) => child.once('close', resolve)) };
}

async function pelagos(args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  const run = start(args);
  return { code: await run.ended, text: run.text() };
}

async function until(run: Run, pattern: RegExp): Promise<void> {
  const end = Date.now() + 60_000;
  while (!pattern.test(run.text())) {
    assert.ok(Date.now() < end && run.child.exitCode === null, `waited for ${pattern} in:\n${run.text()}`);
    await sleep(50);
  }
}

/** Processes that carry the state folder of this test in their command line (Linux). */
async function leftovers(): Promise<readonly string[]> {
  if (process.platform !== 'linux') return [];
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(root));
}

test('up in the background, a call between clusters, down', { skip }, async () => {
  const up = await pelagos(['up', dir, '--detach', '--timeout', '90s']);
  assert.equal(up.code, 0, up.text);
  assert.match(up.text, /2 clusters, all \d+ ready in /);
  const call = /pelagos (--context cluster1 exec \S+ -- curl -s http:\/\/\S+)/.exec(up.text)?.[1];
  assert.ok(call, up.text);
  const answer = await pelagos(call.split(' '));
  assert.equal(JSON.parse(answer.text).cluster, 'cluster2');
  const tables = await pelagos(['--context', 'cluster1', 'pc', 'all', 'deployment/service']);
  for (const heading of ['SERVICE FQDN', 'ADDRESSES', 'VHOST NAME', 'ENDPOINT', 'RESOURCE NAME'])
    assert.match(tables.text, new RegExp(heading));
  assert.match(tables.text, /^envoy:\/\/\S+ +HEALTHY +OK +outbound\|80\|\|service\.cluster2$/m);
  const json = await pelagos(['pc', 'all', 'deployment/service', '-o', 'json']);
  assert.doesNotMatch(json.text, /PRIVATE KEY/);
  assert.match((await pelagos(['proxy-status'])).text, /^service-\S+\.default +cluster1 +SYNCED +SYNCED/m);
  const again = await pelagos(['up', dir]);
  assert.equal(again.code, 1);
  assert.match(again.text, /runs from .* already/);
  const down = await pelagos(['down']);
  assert.deepEqual([down.code, /^Stopped the fleet of /.test(down.text)], [0, true], down.text);
  assert.deepEqual(await leftovers(), []);
  assert.deepEqual(await readdir(join(root, 'state', 'fleets')), []);
  const nothing = await pelagos(['down']);
  assert.deepEqual([nothing.code, nothing.text], [0, 'No fleet is running.\n']);
});

test('up in the foreground tells what changes; a killed one is cleaned up by down', { skip }, async () => {
  const up = start(['up', dir]);
  await until(up, /Try:\n/);
  assert.match(up.text(), /^cluster1: control plane istiod is ready \(127\./m);
  const rule = (host: string): string =>
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: extra}\nspec: {${host}: service}\n`;
  await writeFile(join(dir, 'cluster1', 'extra.yaml'), rule('host'));
  await until(up, /cluster1: destinationrule\.networking\.istio\.io\/extra created/);
  await writeFile(join(dir, 'cluster1', 'extra.yaml'), rule('hots'));
  await until(up, /extra\.yaml:4:\d+: error PEL\d+ .*hots/);
  await rm(join(dir, 'cluster1', 'extra.yaml'));
  await until(up, /extra deleted/);
  await until(up, /solved: PEL\d+/);
  up.child.kill('SIGKILL');
  await up.ended;
  const down = await pelagos(['down', dir]);
  assert.match(down.text, /^Cleaned up after the fleet of /);
  assert.deepEqual(await leftovers(), []);
  assert.deepEqual(await readdir(join(root, 'state', 'fleets')), []);
});

test('Ctrl-C stops it cleanly, and so does a second one at once', { skip }, async () => {
  for (const signals of [1, 2]) {
    const up = start(['up', dir]);
    await until(up, /Try:\n/);
    for (let sent = 0; sent < signals; sent++) {
      up.child.kill('SIGINT');
      await sleep(20);
    }
    assert.equal(await up.ended, signals === 1 ? 0 : 130, up.text());
    assert.deepEqual(await leftovers(), []);
    assert.deepEqual(await readdir(join(root, 'state', 'fleets')), []);
  }
});

test('a fleet that is not ready in time says what it waits for, and can be stopped', { skip }, async () => {
  const manifest = join(dir, 'cluster1', 'never.yaml');
  // It runs and never listens. One that ends again and again would be up for a moment each time.
  const pod = `apiVersion: v1\nkind: Pod\nmetadata: {name: never, annotations: {pelagos.dev/command: 'exec sleep 600'}}\nspec: {containers: [{name: app, image: x, ports: [{containerPort: 8080}]}]}\n`;
  await writeFile(manifest, pod);
  const up = await pelagos(['up', dir, '--detach', '--timeout', '8s']);
  await rm(manifest);
  assert.equal(up.code, 1);
  assert.match(up.text, /error not-ready .*\n {2}why: {2}Not ready: .*cluster1\/never: /);
  assert.equal((await pelagos(['down'])).code, 0);
  assert.deepEqual(await leftovers(), []);
});

test('a fleet that cannot start says why', { skip }, async () => {
  const folder = join(root, 'broken');
  await cp(dir, folder, { recursive: true });
  await writeFile(
    join(folder, 'fleet.yaml'),
    'apiVersion: pelagos.dev/v1alpha1\nkind: Fleet\nmetadata: {name: broken}\nspec:\n  clusters:\n  - name: Bad_Name\n',
  );
  for (const args of [
    ['up', folder],
    ['up', folder, '--detach'],
  ]) {
    const { code, text } = await pelagos(args);
    assert.equal(code, 1);
    assert.match(text, /fleet\.yaml:6:\d+: error PEL6003/);
    assert.doesNotMatch(text, /\n {4}at /);
  }
});
