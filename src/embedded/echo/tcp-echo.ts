import { createServer, type Socket } from 'node:net';
import type { EchoSelf } from './echo-settings.ts';
import type { EchoServer } from './http-echo.ts';

const MAX_CONNECTIONS = 10_000;
const IDLE_MS = 600_000;

/**
 * Says who it is in one line of JSON, before the client has said anything (so that it can stand for protocols whose
 * servers speak first); then sends back what it gets.
 */
export function tcpEcho(self: EchoSelf): EchoServer {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.write(`${JSON.stringify(self)}\n`);
    socket.pipe(socket);
  });
  server.maxConnections = MAX_CONNECTIONS;
  const drain = (): void => {
    server.close();
    for (const socket of sockets) {
      socket.unpipe(socket);
      socket.destroySoon();
    }
  };
  return { server, drain };
}
