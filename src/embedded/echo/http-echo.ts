import { createServer } from 'node:http';
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { answer, type EchoRequest, type EchoResponse } from './echo-answer.ts';
import type { EchoSelf } from './echo-settings.ts';

const MAX_HEADER_BYTES = 64 * 1024;
const MAX_CONNECTIONS = 10_000;
/** A connection on which nothing moves for so long is closed; longer than any delay that can be asked for. */
const IDLE_MS = 120_000;
/** The first bytes of HTTP/2 (RFC 9113, section 3.4): no HTTP/1 method begins so. */
const HTTP2_PREFACE = 'PRI ';

/** A server of one port. */
export interface EchoServer {
  readonly server: Server;
  /** Takes no new connections, finishes what was begun, and closes. */
  drain(): void;
}

/** Answers every request with what it was and who answers; HTTP/1.1, and HTTP/2 with prior knowledge, on one port. */
export function httpEcho(self: EchoSelf): EchoServer {
  /** HTTP/1 connections, with the requests in progress on each. */
  const connections = new Map<Socket, number>();
  const sessions = new Set<ServerHttp2Session>();
  let isDraining = false;
  const serve = (request: EchoRequest, response: EchoResponse): void => answer(request, response, self);
  const http1 = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: IDLE_MS }, (request, response) => {
    const { socket } = request;
    connections.set(socket, (connections.get(socket) ?? 0) + 1);
    if (isDraining) response.shouldKeepAlive = false;
    response.once('close', () => {
      const left = (connections.get(socket) ?? 1) - 1;
      connections.set(socket, left);
      if (isDraining && left === 0) socket.end();
    });
    serve(request, response);
  });
  http1.on('connection', (socket: Socket) => {
    connections.set(socket, 0);
    socket.once('close', () => connections.delete(socket));
  });
  let http2: Promise<Http2Server> | undefined;
  const server = createSocketServer({ noDelay: true }, async (socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    const isHttp2 = await beginsWithPreface(socket);
    if (isHttp2) http2 ??= http2Server(serve, sessions);
    (isHttp2 ? await http2 : http1)?.emit('connection', socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const drain = (): void => {
    isDraining = true;
    server.close();
    for (const session of sessions) session.close();
    for (const [socket, requests] of connections) if (requests === 0) socket.end();
  };
  return { server, drain };
}

/** Looks at the first bytes and puts them back. */
function beginsWithPreface(socket: Socket): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let seen = Buffer.alloc(0);
  const look = (): void => {
    const part: Buffer | null = socket.read();
    if (part === null) return;
    seen = Buffer.concat([seen, part]);
    const begin = seen.toString('latin1', 0, HTTP2_PREFACE.length);
    if (begin.length < HTTP2_PREFACE.length && HTTP2_PREFACE.startsWith(begin)) return;
    socket.off('readable', look);
    socket.unshift(seen);
    resolve(begin === HTTP2_PREFACE);
  };
  socket.on('readable', look);
  return promise;
}

/** Loaded when first spoken: most echo servers never need it, and starting fast matters. */
async function http2Server(
  serve: (request: EchoRequest, response: EchoResponse) => void,
  sessions: Set<ServerHttp2Session>,
): Promise<Http2Server> {
  const { createServer: createHttp2Server } = await import('node:http2');
  const server = createHttp2Server({ settings: { maxHeaderListSize: MAX_HEADER_BYTES } }, serve);
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  return server;
}
