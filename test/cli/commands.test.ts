/** The command itself, as a process, against a real fleet whose pods have no sidecars (so no Envoy is needed). */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Fleet, startFleet } from '../../src/embedded/index.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const MANIFEST = `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8000, targetPort: 8080}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, version: v1}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: web, image: "web:1", env: [{name: WHO, value: me}], ports: [{containerPort: 8080}]}]
`;
const RULE = `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: rule}
spec: {host: web}
`;

let root = '';
let env: NodeJS.ProcessEnv = {};
let fleet: Fleet;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'pelagos-cli-'));
  env = { ...process.env, PELAGOS_STATE: join(root, 'state'), NO_COLOR: '1' };
  for (const cluster of ['east', 'west']) {
    await mkdir(join(root, 'fleet', cluster), { recursive: true });
    await writeFile(join(root, 'fleet', cluster, 'web.yaml'), MANIFEST);
  }
  fleet = await startFleet({ dir: join(root, 'fleet'), env, withMesh: false });
  assert.ok(await fleet.ready(20_000));
});
after(async () => {
  await fleet?.stop();
  await rm(root, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], { cwd: root, env });
}

async function pelagos(args: readonly string[], input = ''): Promise<Outcome> {
  const child = start(args);
  let out = '';
  let err = '';
  child.stdout?.on('data', (part) => {
    out += part;
  });
  child.stderr?.on('data', (part) => {
    err += part;
  });
  child.stdin?.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, err };
}

test('status says what runs, to people and to programs', async () => {
  const { code, out } = await pelagos(['status']);
  assert.equal(code, 0);
  assert.match(out, /✓ +east +control plane +istiod/);
  assert.match(out, /✓ +pod +web-\S+ +1\/1 +127\./);
  assert.match(out, /2 clusters, all 4 ready/);
  const json = await pelagos(['status', '-o', 'json']);
  assert.equal(JSON.parse(json.out).clusters.length, 2);
});

test('get shows objects as kubectl does', async () => {
  const services = await pelagos(['--context', 'east', 'get', 'svc']);
  assert.match(
    services.out.replace(/\d+s\n/g, 'AGE\n'),
    /^NAME {2,}TYPE {2,}CLUSTER-IP {2,}EXTERNAL-IP {2,}PORT\(S\) {2,}AGE\nweb /,
  );
  assert.equal(services.err, '');
  const several = await pelagos(['get', 'deploy,svc', '-o', 'name']);
  assert.equal(several.out, 'deployment.apps/web\nservice/web\n');
  assert.match(several.err, /^# east \(of east, west/);
  const none = await pelagos(['--context', 'west', 'get', 'vs', '-n', 'shop']);
  assert.deepEqual([none.code, none.out, none.err], [0, '', 'No resources found in shop namespace.\n']);
  const missing = await pelagos(['--context', 'west', 'get', 'svc', 'nothing']);
  assert.deepEqual([missing.code, missing.err], [1, 'Error from server (NotFound): services "nothing" not found\n']);
  const yaml = await pelagos(['--context', 'west', 'get', 'service/web', '-o', 'yaml']);
  assert.match(yaml.out, /^apiVersion: v1\nkind: Service\nmetadata:\n {2}name: web\n/);
});

test('apply and delete say what became of each object', async () => {
  const to = ['--context', 'east'];
  const outcomes = [
    await pelagos([...to, 'apply', '-f', '-'], RULE),
    await pelagos([...to, 'apply', '-f', '-'], RULE),
    await pelagos([...to, 'apply', '-f', '-'], RULE.replace('host: web', 'hots: web')),
    await pelagos([...to, 'delete', 'dr', 'rule']),
    await pelagos([...to, 'delete', 'dr/rule']),
  ];
  const name = 'destinationrule.networking.istio.io/rule';
  assert.deepEqual(
    outcomes.map(({ code, out }) => [code, out]),
    [
      [0, `${name} created\n`],
      [0, `${name} unchanged\n`],
      [1, `${name} refused\n`],
      [0, `${name} deleted\n`],
      [1, `${name} not found\n`],
    ],
  );
  assert.match(outcomes[2]?.err ?? '', /stdin:4:\d+: error PEL\d+ .*hots.*\n {2}why: .*\n {2}do: /);
});

test('exec runs a command as the pod, and passes input and exit code on', async () => {
  const who = await pelagos(['--context', 'east', 'exec', 'deployment/web', '--', 'sh', '-c', 'echo $WHO; exit 7']);
  assert.deepEqual([who.code, who.out, who.err], [7, 'me\n', '']);
  const piped = await pelagos(['--context', 'east', 'exec', '-i', 'deploy/web', '--', 'cat'], 'through');
  assert.equal(piped.out, 'through');
  const none = await pelagos(['--context', 'east', 'exec', 'deploy/web', '--', 'no-such-command']);
  assert.equal(none.code, 127);
  assert.match(none.err, /there is no such command on this machine/);
  const nowhere = await pelagos(['--context', 'east', 'exec', 'deploy/api', '--', 'true']);
  assert.match(
    nowhere.err,
    /deploy\/api has no pod in namespace default of east\n {2}why: {2}It has: deployment\/web\./,
  );
});

test('logs prints a log, its end, and what comes', async () => {
  const all = await pelagos(['--context', 'east', 'logs', 'deployment/web']);
  assert.match(all.out, /echo: http on /);
  const [pod] = fleet.status().clusters[0]?.pods ?? [];
  const path = fleet.member('east')?.access('default', pod?.name ?? '')?.logs['app'] ?? '';
  const child = start(['--context', 'east', 'logs', 'deploy/web', '-f', '--tail', '0']);
  const seen = new Promise<string>((resolve) => child.stdout?.once('data', (part) => resolve(String(part))));
  // The follower begins at the end: what it is to see must come after that.
  const timer = setInterval(() => void writeFile(path, 'something new\n', { flag: 'a' }), 100);
  assert.match(await seen, /^something new\n/);
  clearInterval(timer);
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGINT');
  assert.equal(await ended, 0);
  const last = await pelagos(['--context', 'east', 'logs', 'deploy/web', '--tail', '1']);
  assert.equal(last.out, 'something new\n');
  const wrong = await pelagos(['--context', 'east', 'logs', 'deploy/web', '-c', 'db']);
  assert.match(wrong.err, /has no container "db"\n {2}why: {2}It has: app/);
});

test('a pod without Envoy is told as such', async () => {
  const { code, err } = await pelagos(['--context', 'east', 'proxy-config', 'clusters', 'deploy/web']);
  assert.equal(code, 1);
  assert.match(err, /has no Envoy\n {2}why: .*\n {2}do: .*istio-injection=enabled/);
});

test('a wrong command line ends with 2, and says what would be right', async () => {
  const cases = [
    [['get'], /missing required argument 'kind'/],
    [['stauts'], /unknown command 'stauts'\n\(Did you mean status\?\)/],
    [['apply'], /there is nothing to apply/],
    [['pc', 'frob', 'x'], /an Envoy has no "frob"/],
    [['status', '--timeout', 'soon'], /A duration is a number/],
    [['get', 'svc', '-o', 'xml'], /Allowed choices are json, yaml, wide, name/],
  ] as const;
  for (const [args, message] of cases) {
    const { code, err } = await pelagos(args);
    assert.equal(code, 2, args.join(' '));
    assert.match(err, message);
  }
});

test('a reader that stops early is no error', async () => {
  const child = start(['get', 'all', '-A', '-o', 'json']);
  child.stdout?.destroy();
  let err = '';
  child.stderr?.on('data', (part) => {
    err += part;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0);
  assert.doesNotMatch(err, /EPIPE/);
});

test('completion scripts are good shell', async () => {
  const { out } = await pelagos(['completion', 'bash']);
  const child = spawn('bash', [
    '-c',
    `${out}\nCOMP_WORDS=(pelagos --context east proxy-con) COMP_CWORD=3; _pelagos; echo "$COMPREPLY"`,
  ]);
  let completed = '';
  child.stdout.on('data', (part) => {
    completed += part;
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.equal(completed, 'proxy-config\n');
});

test('version needs no fleet, and knows the running ones', async () => {
  const { code, out } = await pelagos(['version', '-o', 'json']);
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  const shown = JSON.parse(out);
  assert.deepEqual([code, shown.pelagos, shown.fleets[0].dir], [0, version, join(root, 'fleet')]);
});
