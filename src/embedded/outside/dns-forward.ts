import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';

const TIMEOUT_MS = 2_000;
const MAX_IN_FLIGHT = 500;
let inFlight = 0;

/**
 * Asks the resolvers in turn, over UDP, under an id of our own; the reply has the asker's id again.
 * @param resolvers as Node's dns.getServers() spells them: `10.0.0.1`, `10.0.0.1:5353`, `[::1]:53`.
 * @returns undefined where none answers in time.
 */
export async function forwardQuery(query: Buffer, resolvers: readonly string[]): Promise<Buffer | undefined> {
  if (query.length < 12 || inFlight >= MAX_IN_FLIGHT) return undefined;
  inFlight++;
  try {
    for (const resolver of resolvers) {
      const reply = await ask(query, resolver);
      if (reply) return reply;
    }
    return undefined;
  } finally {
    inFlight--;
  }
}

async function ask(query: Buffer, resolver: string): Promise<Buffer | undefined> {
  const { address, port } = parseResolver(resolver);
  const family = isIP(address);
  if (family === 0) return undefined;
  const id = randomInt(65_536);
  const own = Buffer.from(query);
  own.writeUInt16BE(id, 0);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  return await new Promise((resolve) => {
    const done = (reply?: Buffer): void => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(done, TIMEOUT_MS);
    socket.once('error', () => done());
    socket.on('message', (message, from) => {
      if (message.length < 12 || message.readUInt16BE(0) !== id || from.port !== port) return;
      message.writeUInt16BE(query.readUInt16BE(0), 0);
      done(message);
    });
    socket.send(own, port, address);
  });
}

function parseResolver(text: string): { readonly address: string; readonly port: number } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return { address: bracketed[1] ?? '', port: Number(bracketed[2] ?? 53) };
  const withPort = /^([\d.]+):(\d+)$/.exec(text);
  return withPort ? { address: withPort[1] ?? '', port: Number(withPort[2]) } : { address: text, port: 53 };
}
