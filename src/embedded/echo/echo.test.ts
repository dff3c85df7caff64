import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { callerOf } from './caller.ts';
import { parseEchoWish } from './echo-answer.ts';
import { readEchoSettings } from './echo-settings.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const SELF = { cluster: 'cluster1', namespace: 'default', pod: 'service-0', version: 'v1', app: 'service' };
const ENVIRONMENT = {
  CLUSTER: SELF.cluster,
  POD_NAMESPACE: SELF.namespace,
  POD_NAME: SELF.pod,
  VERSION: SELF.version,
  APP: SELF.app,
};

interface Echo {
  readonly child: ChildProcess;
  readonly ports: readonly number[];
}

async function start(...protocols: readonly string[]): Promise<Echo> {
  const listen = protocols.map((protocol) => ({ address: '127.0.0.1', port: 0, protocol, name: protocol }));
  const child = spawn(process.execPath, [MAIN], {
    env: { ...ENVIRONMENT, LISTEN: JSON.stringify(listen) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  while (output.split('\n').length <= protocols.length) output += String((await once(child.stdout, 'data'))[0]);
  // Servers come up in any order.
  const lines = output.trim().split('\n');
  const ports = protocols.map((protocol) =>
    Number(lines.find((line) => line.startsWith(`echo: ${protocol} on `))?.replace(/.*:/, '')),
  );
  return { child, ports };
}

async function stop({ child }: Echo): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  return code;
}

let echo: Echo;
before(async () => {
  echo = await start('http', 'tcp');
});
after(async () => {
  await stop(echo);
});

async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`http://127.0.0.1:${echo.ports[0]}${path}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

test('it answers with what it received and who it is', async () => {
  const { status, body } = await ask('/path?query=1', { method: 'POST', body: 'hello', headers: { 'x-key': 'value' } });
  assert.equal(status, 200);
  const { headers, remote, ...rest } = body;
  assert.deepEqual(rest, {
    ...SELF,
    method: 'POST',
    path: '/path?query=1',
    host: `127.0.0.1:${echo.ports[0]}`,
    protocol: 'HTTP/1.1',
    bodyBytes: 5,
    caller: null,
  });
  assert.equal((headers as Record<string, string>)['x-key'], 'value');
  assert.equal((remote as Record<string, string>)['address'], '127.0.0.1');
});

test('a request may ask for a status and a delay', async () => {
  assert.equal((await ask('/?status=503')).status, 503);
  assert.deepEqual(await ask('/?status=204'), { status: 204, body: {} });
  const before = performance.now();
  assert.equal((await ask('/?delay=100ms')).status, 200);
  assert.ok(performance.now() - before >= 99);
  assert.match(String((await ask('/?status=fine')).body['error']), /status=fine: wanted is a number/);
  assert.equal((await ask('/healthz')).status, 200);
  assert.equal((await ask('/', { method: 'HEAD' })).status, 200);
});

test('delays are read with their unit, up to a minute', () => {
  assert.deepEqual(parseEchoWish('/?delay=1.5s'), { status: 200, delayMs: 1_500 });
  assert.deepEqual(parseEchoWish('//x?a=b'), { status: 200, delayMs: 0 });
  assert.match(String(parseEchoWish('/?delay=61s')), /at most 60s/);
  assert.match(String(parseEchoWish('/?delay=5')), /wanted is/);
});

test('large bodies are read to their end', async () => {
  const { body } = await ask('/', { method: 'PUT', body: Buffer.alloc(3_000_000) });
  assert.equal(body['bodyBytes'], 3_000_000);
});

test('the caller is the identity that the last proxy verified', () => {
  const sa = (name: string): string => `spiffe://cluster.local/ns/default/sa/${name}`;
  assert.equal(callerOf(undefined), null);
  assert.equal(callerOf(`By=${sa('a')};Hash=1f;Subject="";URI=${sa('b')}`), sa('b'));
  assert.equal(callerOf(`By=x;URI=${sa('forged')},By=${sa('a')};Hash=1f;URI=${sa('b')}`), sa('b'));
  assert.equal(callerOf(`Subject="CN=a,URI=${sa('forged')};\\"x";URI=${sa('b')}`), sa('b'));
  assert.equal(callerOf(`By=${sa('a')};uri="${sa('b')}"`), sa('b'));
  assert.equal(callerOf(`URI=${sa('a')},By=x;Hash=1f`), null);
});

test('HTTP/2 with prior knowledge is spoken on the same port, whatever the size of the first packets', async () => {
  const session = connect(`http://127.0.0.1:${echo.ports[0]}`);
  const stream = session.request({ ':method': 'POST', ':path': '/h2', 'x-key': 'value' });
  stream.end('hello');
  let text = '';
  for await (const part of stream) text += String(part);
  session.close();
  const body = JSON.parse(text);
  assert.deepEqual(
    [body.protocol, body.path, body.bodyBytes, body.host, body.headers],
    ['HTTP/2', '/h2', 5, `127.0.0.1:${echo.ports[0]}`, { 'x-key': 'value' }],
  );
  const socket = connectSocket(echo.ports[0] ?? 0, '127.0.0.1');
  socket.setNoDelay(true);
  for (const character of 'PROPFIND / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n') {
    socket.write(character);
    await new Promise((resolve) => setImmediate(resolve));
  }
  let answer = '';
  for await (const part of socket) answer += String(part);
  assert.match(answer, /"method":"PROPFIND"/);
});

test('on a TCP port it speaks first, then sends back what it gets', async () => {
  const socket = connectSocket(echo.ports[1] ?? 0, '127.0.0.1');
  const [first] = await once(socket, 'data');
  assert.deepEqual(JSON.parse(String(first)), SELF);
  socket.write('hello');
  assert.equal(String((await once(socket, 'data'))[0]), 'hello');
  socket.end();
  await once(socket, 'close');
});

test('SIGTERM ends it with 0 after the requests in progress, and closes idle connections', async () => {
  const draining = await start('http', 'tcp');
  const [port = 0, tcpPort = 0] = draining.ports;
  const agent = new Agent({ keepAlive: true });
  const call = async (path: string): Promise<number> => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request({ port, host: '127.0.0.1', path, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
    return promise;
  };
  const session = connect(`http://127.0.0.1:${port}`);
  let text = '';
  session.request({ ':path': '/?delay=300ms' }).on('data', (part) => {
    text += String(part);
  });
  const socket = connectSocket(tcpPort, '127.0.0.1');
  await once(socket, 'data');
  const [idle, slow] = [call('/'), call('/?delay=300ms')];
  assert.equal(await idle, 200);
  const before = performance.now();
  assert.equal(await stop(draining), 0);
  assert.ok(performance.now() - before < 3_000);
  assert.equal(await slow, 200);
  assert.match(text, /"protocol":"HTTP\/2"/);
  session.destroy();
  socket.destroy();
  agent.destroy();
});

test('a port that is taken, or settings that make no sense, end it with the reason', async () => {
  const run = async (listen: string): Promise<string> => {
    const child = spawn(process.execPath, [MAIN], {
      env: { ...ENVIRONMENT, LISTEN: listen },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let text = '';
    for await (const part of child.stderr) text += String(part);
    assert.equal(child.exitCode ?? (await once(child, 'exit'))[0], 1);
    return text;
  };
  assert.match(
    await run(JSON.stringify([{ address: '127.0.0.1', port: echo.ports[0] }])),
    /cannot listen on .*EADDRINUSE/,
  );
  assert.match(await run('[]'), /LISTEN names no socket/);
  assert.throws(() => readEchoSettings({ LISTEN: 'x' }), /LISTEN is not JSON/);
  assert.throws(() => readEchoSettings({ LISTEN: '[{"port":1}]' }), /is no \{address, port\}/);
});
