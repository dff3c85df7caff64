import { getServers } from 'node:dns';
import { decode, encode, type Packet } from 'dns-packet';
import { DnsListener } from '../../control-plane/index.ts';
import type { SocketAddress } from '../../model/index.ts';
import { forwardQuery } from './dns-forward.ts';

/** Answers are asked for again soon, because a fleet may come back at other addresses. */
const TTL_SECONDS = 5;
const AUTHORITATIVE = 1 << 10;
const RECURSION_AVAILABLE = 1 << 7;
const SERVER_FAILURE = 2;

/** A DNS server on the loopback interface that knows some names and asks the machine's resolvers for all others. */
export class DnsServer {
  readonly address: SocketAddress;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #resolvers: readonly string[];
  readonly #listener: DnsListener;

  /** @param hosts lower-case host name to IPv4 address. */
  constructor(address: SocketAddress, hosts: ReadonlyMap<string, string>, resolvers: readonly string[] = getServers()) {
    this.address = address;
    this.#hosts = hosts;
    this.#resolvers = resolvers;
    this.#listener = new DnsListener(address, async (query) => await this.answer(query));
  }

  /** @throws where the address cannot be bound. */
  async start(): Promise<void> {
    await this.#listener.start();
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
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
}
