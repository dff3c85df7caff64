/** Exec and port-forward against a server that speaks the kubelet's framing. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { createApiServer } from './http-api-server.ts';
import { execInPod } from './pod-exec.ts';
import { portForward } from './port-forward.ts';

const POD = { namespace: 'shop', pod: 'web-1' };

/** What a pod does with a stream that was opened to it. */
type Pod = (socket: WebSocket, call: IncomingMessage) => void;

const server = createServer();
const sockets = new WebSocketServer({
  server,
  handleProtocols: (offered) => [...offered][0] ?? false,
  verifyClient: ({ req }: { readonly req: IncomingMessage }) => req.headers.authorization === 'Bearer secret',
});
let pod: Pod = () => undefined;
let api: ApiServer;
let stranger: ApiServer;

before(async () => {
  sockets.on('connection', (socket, call) => pod(socket, call));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api = createApiServer({ url, tls: {}, token: async () => 'secret' });
  stranger = createApiServer({ url, tls: {} });
});
after(() => {
  api.close();
  for (const client of sockets.clients) client.terminate();
  server.close();
});

function frame(channel: number, content: string | Buffer): Buffer {
  return Buffer.concat([Buffer.of(channel), Buffer.from(content)]);
}

/** Begins as the kubelet does: the port on both channels. */
function begin(socket: WebSocket, port: number): void {
  const number = Buffer.alloc(2);
  number.writeUInt16LE(port);
  socket.send(frame(0, number));
  socket.send(frame(1, number));
}

test('a tunnel carries an HTTP request to a port of the pod', async () => {
  let url = '';
  pod = (socket, call) => {
    url = `${call.url} ${call.headers['sec-websocket-protocol']}`;
    begin(socket, 15000);
    socket.on('message', (data: Buffer) => {
      assert.equal(data[0], 0);
      const line = data.subarray(1).toString().split('\r\n')[0];
      socket.send(frame(0, `HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nasked `));
      socket.send(frame(0, `${line}`));
      socket.close();
    });
  };
  const stream = await portForward(api, { ...POD, port: 15000 });
  const body = await new Promise<string>((resolve, reject) => {
    request({ path: '/ready', createConnection: () => stream }, async (answer) => {
      const parts = await answer.toArray();
      resolve(Buffer.concat(parts).toString());
    })
      .on('error', reject)
      .end();
  });
  assert.equal(body, 'asked GET /ready HTTP/1.1');
  assert.equal(url, '/api/v1/namespaces/shop/pods/web-1/portforward?ports=15000 v4.channel.k8s.io');
});

test('large answers arrive whole and in order, however slowly they are read', async () => {
  const block = Buffer.alloc(64 * 1024, 7);
  pod = (socket) => {
    begin(socket, 80);
    for (let index = 0; index < 100; index++) socket.send(frame(0, block));
    socket.close();
  };
  const stream = await portForward(api, { ...POD, port: 80 });
  let size = 0;
  for await (const part of stream) {
    size += (part as Buffer).length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(size, block.length * 100);
});

test('a port on which nobody listens is an error that says so', async () => {
  pod = (socket) => {
    begin(socket, 81);
    socket.send(frame(1, 'error forwarding port 81: connection refused'));
    socket.close();
  };
  const stream = await portForward(api, { ...POD, port: 81 });
  await assert.rejects(stream.toArray(), /port 81 of pod shop\/web-1 is not reached: .*connection refused/);
});

test('who may not open a stream is told so, without the token', async () => {
  await assert.rejects(portForward(stranger, { ...POD, port: 80 }), (error) => {
    return error instanceof ApiError && error.status === 401 && !error.message.includes('secret');
  });
});

test('a command gives its output and its exit code', async () => {
  let url = '';
  const status = {
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '7' }] },
  };
  pod = (socket, call) => {
    url = call.url ?? '';
    socket.send(frame(1, ''));
    socket.send(frame(1, 'out'));
    socket.send(frame(2, 'err'));
    socket.send(frame(1, 'put'));
    socket.send(frame(3, JSON.stringify(status)));
    socket.close();
  };
  const outcome = await execInPod(api, { ...POD, container: 'istio-proxy', command: ['curl', '-s', 'http://a?b'] });
  assert.deepEqual(outcome, { code: 7, out: 'output', err: 'err' });
  assert.match(
    url,
    /exec\?container=istio-proxy&command=curl&command=-s&command=http%3A%2F%2Fa%3Fb&stdout=true&stderr=true$/,
  );
});

test('a command that cannot be run, breaks off or does not end is an error', async () => {
  const call = { ...POD, container: 'app', command: ['true'] };
  pod = (socket) => {
    socket.send(frame(3, JSON.stringify({ status: 'Failure', reason: 'InternalError', message: 'no such file' })));
    socket.close();
  };
  await assert.rejects(execInPod(api, call), /runs no command: no such file/);
  pod = (socket) => socket.close();
  await assert.rejects(execInPod(api, call), /broke off before the command's end/);
  pod = () => undefined;
  await assert.rejects(execInPod(api, { ...call, timeoutMs: 50 }), /did not end within 50 ms/);
});
