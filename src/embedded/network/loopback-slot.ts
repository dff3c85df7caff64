import { createServer, type Server } from 'node:net';

/** Whoever listens on this port of 127.S.0.1 has all addresses 127.S.0.0/16. The kernel lets go when the process dies. */
const LOCK_PORT = 15_999;
const FIRST_SLOT = 1;
const LAST_SLOT = 254;

/** A part of the loopback network (127.S.0.0/16) that one fleet has for itself. */
export interface LoopbackSlot {
  readonly slot: number;
  release(): Promise<void>;
}

/** Takes the first free slot, so that several fleets can run at once. @throws where all are taken. */
export async function takeLoopbackSlot(): Promise<LoopbackSlot> {
  for (let slot = FIRST_SLOT; slot <= LAST_SLOT; slot++) {
    const server = await lock(`127.${slot}.0.1`);
    if (!server) continue;
    return {
      slot,
      release: () => new Promise<void>((resolve) => server.close(() => resolve())),
    };
  }
  throw new Error('all parts of the loopback network (127.1.0.0 to 127.254.0.0) are taken by other fleets');
}

async function lock(address: string): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ host: address, port: LOCK_PORT, exclusive: true }, () => resolve(server));
  });
}
