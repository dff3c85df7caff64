import { createSocket, type Socket } from 'node:dgram';
import { getServers } from 'node:dns';
import { createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { decode, encode, type Packet } from 'dns-packet';
import type { SocketAddress } from '../../model/index.ts';
import { forwardQuery } from './dns-forward.ts';

/** Answers are asked for again soon, because a fleet may come back at other addresses. */
const TTL_SECONDS = 5;
/** RFC 1035: a message over TCP has a length of two bytes; questions are small. */
const MAX_QUERY_BYTES = 4_096;
const TCP_IDLE_MS = 10_000;
const MAX_TCP_CONNECTIONS = 200;
const AUTHORITATIVE = 1 << 10;
const RECURSION_AVAILABLE = 1 << 7;
const SERVER_FAILURE = 2;

/** A DNS server on the loopback interface that knows some names and asks the machine's resolvers for all others. */
export class DnsServer {
  readonly address: SocketAddress;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #resolvers: readonly string[];
  #udp: Socket | undefined;
  #tcp: Server | undefined;
  readonly #connections = new Set<TcpSocket>();

  /** @param hosts lower-case host name to IPv4 address. */
  constructor(address: SocketAddress, hosts: ReadonlyMap<string, string>, resolvers: readonly string[] = getServers()) {
    this.address = address;
    this.#hosts = hosts;
    this.#resolvers = resolvers;
  }

  /** @throws where the address cannot be bound. */
  async start(): Promise<void> {
    const { address, port } = this.address;
    const udp = createSocket('udp4');
    udp.on('message', (query, from) => {
      void this.answer(query).then((reply) => {
        if (reply) udp.send(reply, from.port, from.address, () => undefined);
      });
    });
    this.#udp = udp;
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind({ address, port }, () => {
        udp.removeListener('error', reject);
        udp.on('error', () => undefined);
        resolve();
      });
    });
    const tcp = createServer((socket) => this.#serve(socket));
    tcp.maxConnections = MAX_TCP_CONNECTIONS;
    this.#tcp = tcp;
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen({ host: address, port }, () => resolve());
    });
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#udp) this.#udp.close(() => resolve());
    else resolve();
    await promise;
    await new Promise<void>((done) => (this.#tcp ? this.#tcp.close(() => done()) : done()));
  }

  /** The reply to a query, as messages of RFC 1035; undefined for what is none. */
  async answer(query: Buffer): Promise<Buffer | undefined> {
    let packet: Packet;
    try {
      packet = decode(query);
    } catch {
      return undefined;
    }
    const [question] = packet.questions ?? [];
    if (packet.type !== 'query' || !question) return undefined;
    const known = this.#hosts.get(question.name.toLowerCase());
    if (known === undefined) {
      const reply = await forwardQuery(query, this.#resolvers);
      return reply ?? encode({ type: 'response', id: packet.id ?? 0, flags: SERVER_FAILURE, questions: [question] });
    }
    const isAddress = question.type === 'A' || (question.type as string) === 'ANY';
    return encode({
      type: 'response',
      id: packet.id ?? 0,
      flags: AUTHORITATIVE | RECURSION_AVAILABLE | ((packet.flags ?? 0) & (1 << 8)),
      questions: [question],
      // A name without a record of the type asked for is no error (NODATA).
      answers: isAddress ? [{ type: 'A', name: question.name, ttl: TTL_SECONDS, data: known }] : [],
    });
  }

  #serve(socket: TcpSocket): void {
    this.#connections.add(socket);
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#connections.delete(socket));
    let pending = Buffer.alloc(0);
    socket.on('data', (part) => {
      pending = Buffer.concat([pending, part]);
      while (pending.length >= 2) {
        const length = pending.readUInt16BE(0);
        if (length > MAX_QUERY_BYTES) return void socket.destroy();
        if (pending.length < length + 2) return;
        const query = Buffer.from(pending.subarray(2, length + 2));
        pending = pending.subarray(length + 2);
        void this.answer(query).then((reply) => {
          if (!reply || socket.destroyed) return;
          const size = Buffer.alloc(2);
          size.writeUInt16BE(reply.length);
          socket.write(Buffer.concat([size, reply]));
        });
      }
    });
  }
}
