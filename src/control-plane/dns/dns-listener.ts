import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import type { SocketAddress } from '../../model/index.ts';

/** A question with its EDNS options has some hundred bytes; nothing larger is looked at. */
const MAX_QUERY_BYTES = 4_096;
/** RFC 7766, section 6.2.3: servers should end idle connections, after seconds. */
const TCP_IDLE_MS = 30_000;
const MAX_TCP_CONNECTIONS = 1_000;
/** A client that asks and does not read is cut off at so many bytes. */
const MAX_UNREAD_BYTES = 1 << 20;

export type DnsTransport = 'udp' | 'tcp';

/** The reply to a message, or undefined for one that gets none. */
export type DnsResponder = (query: Buffer, via: DnsTransport) => Buffer | undefined | Promise<Buffer | undefined>;

/** DNS messages over UDP and TCP at one address; what they say is the responder's. */
export class DnsListener {
  readonly #listen: SocketAddress;
  readonly #respond: DnsResponder;
  #udp: Socket | undefined;
  #tcp: Server | undefined;
  readonly #connections = new Set<TcpSocket>();

  /** @param listen port 0 takes any one that is free for both. */
  constructor(listen: SocketAddress, respond: DnsResponder) {
    this.#listen = listen;
    this.#respond = respond;
  }

  /** @returns the address with its real port. @throws where it cannot be bound. */
  async start(): Promise<SocketAddress> {
    const { address } = this.#listen;
    const tcp = createServer((socket) => this.#serve(socket));
    tcp.maxConnections = MAX_TCP_CONNECTIONS;
    await bound(tcp, (done) => tcp.listen({ host: address, port: this.#listen.port }, done));
    this.#tcp = tcp;
    const listening = tcp.address();
    const port = typeof listening === 'object' && listening ? listening.port : this.#listen.port;
    const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    udp.on('message', (query, from) => {
      if (query.length > MAX_QUERY_BYTES) return;
      void this.#reply(query, 'udp', (reply) => udp.send(reply, from.port, from.address, () => undefined));
    });
    try {
      await bound(udp, (done) => udp.bind({ address, port }, done));
    } catch (error) {
      tcp.close();
      throw error;
    }
    this.#udp = udp;
    return { address, port };
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    await new Promise<void>((done) => (this.#udp ? this.#udp.close(() => done()) : done()));
    await new Promise<void>((done) => (this.#tcp ? this.#tcp.close(() => done()) : done()));
    this.#udp = undefined;
    this.#tcp = undefined;
  }

  #serve(socket: TcpSocket): void {
    this.#connections.add(socket);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    let pending: Buffer = Buffer.alloc(0);
    socket.on('data', (part) => {
      pending = Buffer.concat([pending, part]);
      // RFC 1035, section 4.2.2: each message has its length before it, in two bytes.
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0);
        if (length > MAX_QUERY_BYTES || socket.writableLength > MAX_UNREAD_BYTES) return void socket.destroy();
        if (pending.length < length + 2) return;
        const query = Buffer.from(pending.subarray(2, length + 2));
        pending = pending.subarray(length + 2);
        void this.#reply(query, 'tcp', (reply) => {
          if (socket.destroyed) return;
          const size = Buffer.alloc(2);
          size.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([size, reply]));
        });
      }
    });
  }

  async #reply(query: Buffer, via: DnsTransport, send: (reply: Buffer) => void): Promise<void> {
    try {
      const reply = await this.#respond(query, via);
      if (reply && (via === 'tcp' || this.#udp)) send(reply);
    } catch {
      // A responder that fails has no answer; the client asks again.
    }
  }
}

/** Waits for a socket to be bound, and from then on overlooks errors of single messages. */
async function bound(socket: Server | Socket, bind: (done: () => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const emitter = socket as NodeJS.EventEmitter;
    emitter.once('error', reject);
    bind(() => {
      emitter.removeListener('error', reject);
      emitter.on('error', () => undefined);
      resolve();
    });
  });
}
