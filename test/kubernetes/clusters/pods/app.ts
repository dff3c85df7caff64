/**
 * The application of a pod, for tests. It comes by a ConfigMap, so it imports nothing of ours. POD_NAME says who it is, LISTEN
 * what is at which port (`8080:http,3306:greet`):
 * `http`: answers who it is and what it received; `/healthz` until `/fail` was asked for; `/seen?path=` counts; WebSocket greets.
 * `h2`: HTTP/2 in the clear, and gRPC's health service. `greet`: speaks first. `echo`: second. `tls`: TLS of its own.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

const pod = process.env['POD_NAME'] ?? '';
const seen = new Map<string, number>();
let isHealthy = true;

function answer(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, socket } = request;
  const url = new URL(request.url ?? '/', 'http://app');
  seen.set(url.pathname, (seen.get(url.pathname) ?? 0) + 1);
  if (url.pathname === '/healthz') return void response.writeHead(isHealthy ? 200 : 503).end();
  if (url.pathname === '/fail') isHealthy = false;
  if (url.pathname === '/seen') return void response.end(String(seen.get(url.searchParams.get('path') ?? '') ?? 0));
  const caller = /URI=([^;,]*)/.exec(String(headers['x-forwarded-client-cert'] ?? ''))?.[1] ?? '';
  response.end(`${JSON.stringify({ pod, port, method, path: url.pathname, caller, from: socket.remoteAddress })}\n`);
}

/** The handshake is not computed: nobody on the way looks at it. */
function greetWebSocket(_request: IncomingMessage, socket: Socket): void {
  const text = `${pod} greets`;
  socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n');
  socket.end(Buffer.concat([Buffer.of(0x81, text.length), Buffer.from(text)]));
}

/** grpc.health.v1.HealthCheckResponse: 1 is SERVING, 2 is not. */
function answerHttp2(request: Http2ServerRequest, response: Http2ServerResponse): void {
  request.resume();
  if (!request.url.startsWith('/grpc.health.v1.Health/')) {
    return void response.end(`${JSON.stringify({ pod, version: request.httpVersion })}\n`);
  }
  response.writeHead(200, { 'content-type': 'application/grpc' });
  response.addTrailers({ 'grpc-status': '0' });
  response.end(Buffer.of(0, 0, 0, 0, 2, 0x08, isHealthy ? 1 : 2));
}

const SERVERS: Readonly<Record<string, (port: number) => Server>> = {
  http: (port) =>
    createHttpServer((request, response) => answer(port, request, response)).on('upgrade', greetWebSocket),
  h2: () => createHttp2Server(answerHttp2),
  greet: () => createTcpServer((socket) => socket.on('error', () => socket.destroy()).end(`${pod} speaks first\n`)),
  echo: () =>
    createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (word) => socket.end(`${pod} echoes ${word.toString()}\n`));
    }),
  tls: () => {
    const folder = dirname(process.argv[1] ?? '');
    const options = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'cert.pem')) };
    return createTlsServer(options, (socket) => {
      const body = `${pod} over its own TLS`;
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`));
    });
  },
};

for (const entry of (process.env['LISTEN'] ?? '').split(',')) {
  const [port = '', kind = ''] = entry.split(':');
  SERVERS[kind]?.(Number(port)).listen(Number(port));
}
process.on('SIGTERM', () => process.exit(0));
