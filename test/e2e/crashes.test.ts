/** Kills: of an Envoy, of the fleet itself; and Ctrl-C. Nothing is left behind by any of them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { assertAllOk } from './harness/answer.ts';
import { PELAGOS } from './harness/command.ts';
import { eventually } from './harness/eventually.ts';
import { envoysOf, processesOf, signal } from './harness/processes.ts';
import { TestFleet } from './harness/test-fleet.ts';

const WEB = `apiVersion: v1
kind: Namespace
metadata:
  name: default
  labels: {istio-injection: enabled}
---
apiVersion: v1
kind: Service
metadata:
  name: service
spec:
  selector: {app: service}
  ports:
  - {name: http, port: 80, targetPort: 18089}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: service
spec:
  replicas: 1
  selector:
    matchLabels: {app: service}
  template:
    metadata:
      labels: {app: service}
    spec:
      containers:
      - name: app
        image: example.test/echo:1
        ports: [{containerPort: 18089}]
`;
const CALLER = { cluster: 'one' } as const;

describe('crashes', () => {
  const fleet = new TestFleet({ files: { 'one/web.yaml': WEB } });
  const endNow = (): void => fleet.endNow();
  before(() => void process.once('exit', endNow));
  after(() => {
    process.off('exit', endNow);
    endNow();
  });

  async function answers(): Promise<void> {
    assertAllOk(await fleet.call(CALLER, { url: 'http://service', count: 5 }));
  }

  test('ports that other programs hold are left to them', async () => {
    const taken = createServer((socket) => socket.destroy()).listen(18_089, '0.0.0.0');
    await once(taken, 'listening');
    try {
      await fleet.up();
      await answers();
    } finally {
      taken.close();
    }
  });

  test('an Envoy that is killed comes back', async () => {
    const [pod] = await fleet.pods('one', 'deployment/service');
    assert.ok(pod);
    const [envoy] = envoysOf(fleet.root, pod.name);
    assert.ok(envoy, 'no Envoy was found');
    signal(envoy.pid, 'SIGKILL');
    await eventually('another Envoy', () => envoysOf(fleet.root, pod.name).some(({ pid }) => pid !== envoy.pid));
    await eventually('a restart that is told', async () => {
      const [again] = await fleet.pods('one', 'deployment/service');
      return again?.name === pod.name && again.ready && again.restarts > pod.restarts;
    });
    await answers();
  });

  test('a fleet that was killed is cleaned up by the next start', async () => {
    const { pid } = await fleet.status();
    assert.ok(signal(pid, 'SIGKILL'));
    await eventually('its end', () => processesOf(fleet.root).every((found) => found.pid !== pid));
    await fleet.up();
    await answers();
    const { pid: second } = await fleet.status();
    assert.notEqual(second, pid);
    const envoys = processesOf(fleet.root).filter(({ command }) => command.includes('--config-yaml'));
    assert.equal(envoys.length, 2, 'a sidecar and the ingress gateway: a fleet of one network needs no other');
  });

  test('a second start of a running fleet is refused, and does it no harm', async () => {
    const result = await fleet.run(['up', fleet.dir, '--detach']);
    assert.equal(result.code, 1);
    assert.match(result.stderr, /already/);
    assert.match(result.stderr, /pelagos down/);
    await answers();
  });

  test('a fleet that was killed is cleaned up by `down`', async () => {
    const { pid } = await fleet.status();
    assert.ok(signal(pid, 'SIGKILL'));
    await fleet.ok(['down', fleet.dir]);
    await fleet.assertNothingRuns();
    await fleet.ok(['down', fleet.dir]);
  });

  test('Ctrl-C ends everything in order', async () => {
    const child = spawn(PELAGOS, ['up', fleet.dir], {
      cwd: fleet.dir,
      env: fleet.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      out += part;
    });
    child.stderr.resume();
    const ended = once(child, 'exit');
    await eventually('a running fleet', async () => (await fleet.status()).ready);
    await eventually('commands worth trying', () => /^ {2}.*pelagos .*status/m.test(out));
    await answers();
    assert.ok(!out.includes('\u001b'), 'plain lines where there is no terminal');
    child.kill('SIGINT');
    const [code] = (await ended) as [number | null];
    assert.ok(code === 0 || code === 130, `exit code ${code}`);
    await fleet.assertNothingRuns();
  });
});
