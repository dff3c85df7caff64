import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A network between a client and a server, with faults on demand. TLS passes through untouched. */
export interface FaultyProxy {
  readonly port: number;
  /** Ends all connections, in the middle of what they carry: in order (FIN), or by a reset. */
  cut(how: 'end' | 'reset'): void;
  /** From now on nothing goes in or out, but connections stay and new ones are taken, until {@link heal}. */
  stall(): void;
  /** From now on new connections are refused, and those that there are are reset, until {@link heal}. */
  refuse(): Promise<void>;
  heal(): Promise<void>;
  close(): Promise<void>;
}

export async function startFaultyProxy(targetPort: number): Promise<FaultyProxy> {
  const sockets = new Set<Socket>();
  let isStalled = false;
  const server: Server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (data) => {
        if (!isStalled && !to.destroyed) to.write(data);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as { readonly port: number }).port;
  };
  const port = await listen(0);
  const cut = (how: 'end' | 'reset'): void => {
    for (const socket of [...sockets]) {
      // Node (24.21) never ends after the reset of a socket that is being shut down: libuv refuses it, and the handle stays.
      if (how === 'end' || socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  const unlisten = async (): Promise<void> => {
    if (!server.listening) return;
    server.close();
    cut('reset');
    await once(server, 'close');
  };
  return {
    port,
    cut,
    stall: () => {
      isStalled = true;
    },
    refuse: unlisten,
    heal: async () => {
      // What was lost meanwhile is lost: those connections cannot go on.
      if (isStalled) cut('reset');
      isStalled = false;
      if (!server.listening) await listen(port);
    },
    close: unlisten,
  };
}
