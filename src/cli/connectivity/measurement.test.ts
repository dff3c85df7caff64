import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { curlCommand, hintOf, isGood, probeHost, readMeasurement } from './measurement.ts';
import { probePod } from './probe-objects.ts';

const ANSWER = JSON.stringify({
  cluster: 'cluster2',
  caller: 'By=spiffe://cluster.local/ns/a/sa/b;Hash=1;Subject="";URI=spiffe://cluster.local/ns/default/sa/default',
});

function outputOf(seconds: readonly number[], status = 200): string {
  return seconds
    .map((total, index) => {
      const connected = index === 0 ? '0.001 0.002' : '0.000 0.000';
      return `${status === 200 ? ANSWER : 'no healthy upstream'}\n${status} ${connected} ${total} 10.0.0.1\n`;
    })
    .join('');
}

test('a good pair: who answered, as whom it was called, and the median without the first request', () => {
  const measurement = readMeasurement({ code: 0, out: outputOf([0.9, 0.003, 0.001, 0.002, 0.009, 0.0025]), err: '' });
  assert.deepEqual(measurement, {
    name: true,
    tcp: true,
    status: 200,
    cluster: 'cluster2',
    identity: 'spiffe://cluster.local/ns/default/sa/default',
    latencyMs: 2.5,
    problem: '',
  });
  assert.ok(isGood(measurement, 'cluster2'));
  assert.ok(!isGood(measurement, 'cluster3'));
  assert.match(hintOf(measurement, 'cluster3'), /answered by cluster2/);
});

test('how far a bad pair came, and what to do', () => {
  const unresolved = readMeasurement({ code: 6, out: '000 0 0 0 \n', err: 'curl: (6) Could not resolve host: x\n' });
  assert.deepEqual([unresolved.name, unresolved.problem], [false, 'the name does not resolve']);
  assert.match(hintOf(unresolved, 'cluster2'), /\*\.cluster2/);
  const refused = readMeasurement({ code: 7, out: '000 0.001 0 0.1 \n', err: 'curl: (7) Failed to connect' });
  assert.deepEqual([refused.name, refused.tcp], [true, false]);
  const unavailable = readMeasurement({ code: 0, out: outputOf([0.1], 503), err: '' });
  assert.deepEqual(
    [unavailable.tcp, unavailable.status, unavailable.problem],
    [true, 503, 'the answer is 503: no healthy upstream'],
  );
  assert.match(hintOf(unavailable, 'cluster2'), /15443/);
  const plain = readMeasurement({ code: 0, out: outputOf([0.1, 0.1]).replaceAll('URI=', 'X='), err: '' });
  assert.ok(!isGood(plain, 'cluster2'));
  assert.match(hintOf(plain, 'cluster2'), /without mTLS/);
});

test('the pod of the probe serves what the measurement reads, by the real curl', async () => {
  const spec = { name: 'p', namespace: 'default', cluster: 'cluster2', image: 'i', revision: undefined };
  assert.equal(probeHost(spec), 'p.default.cluster2');
  const { containers } = probePod(spec)['spec'] as {
    readonly containers: readonly [{ readonly command: readonly string[] }];
  };
  const [, flag = '', script = ''] = containers[0].command;
  const port = await freePort();
  const child = spawn(process.execPath, [flag, script.replace('8080', String(port))], { env: { CLUSTER: 'cluster2' } });
  try {
    const [program = '', ...args] = curlCommand(`127.0.0.1:${port}`);
    const curl = spawn(program, ['--retry', '20', '--retry-connrefused', '--retry-delay', '1', ...args]);
    let out = '';
    curl.stdout.on('data', (part) => {
      out += part;
    });
    const code = await new Promise<number>((resolve) => curl.once('close', (end) => resolve(end ?? 1)));
    const { status, tcp, cluster, identity, latencyMs } = readMeasurement({ code, out, err: '' });
    assert.deepEqual([status, tcp, cluster, identity], [200, true, 'cluster2', '']);
    assert.ok(latencyMs !== undefined && latencyMs > 0);
  } finally {
    child.kill('SIGKILL');
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
