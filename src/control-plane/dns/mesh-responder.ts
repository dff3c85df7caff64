import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, decode, encode, type OptAnswer, type Packet, type Question } from 'dns-packet';
import type { DnsAnswer, DnsNames, DnsRecord } from '../../mesh/index.ts';
import type { ClusterId } from '../../model/index.ts';
import type { DnsResponder, DnsTransport } from './dns-listener.ts';

/** Names move when objects do; caches keep an answer, also that there is none, for so long. */
export const TTL_SECONDS = 30;
/** Without EDNS (RFC 1035), and the most that passes everywhere in one piece (DNS flag day 2020). */
const MIN_UDP_BYTES = 512;
const MAX_UDP_BYTES = 1_232;
const MAX_TCP_BYTES = 65_535;
const HEADER_BYTES = 12;

/** RFC 1035, section 4.1.1, and RFC 6891 for the last. */
const RCODES = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type DnsRcode = keyof typeof RCODES;

const AUTHORITATIVE = 1 << 10;
const TRUNCATED = 1 << 9;
const RECURSION_DESIRED = 1 << 8;

/** A control plane that starts has mostly read the other clusters by then; CoreDNS and resolvers wait for 2 seconds and more. */
const PATIENCE_MS = 1_500;
const LOOK_MS = 25;
/** What waits is held in memory. */
const MAX_WAITING = 1_000;

/** One question that was answered, for metrics. */
export interface AnsweredQuery {
  readonly transport: DnsTransport;
  readonly type: string;
  readonly rcode: DnsRcode;
}

export interface MeshResponderOptions {
  readonly names: DnsNames;
  /** Whose pods ask. */
  readonly cluster: ClusterId;
  /**
   * Is all known? Until then a name that is not known waits for a moment, and is then no answer but a failure, so that caches go on
   * with what they have: it would be taken for the truth that there is none. Always, unless given.
   */
  readonly isComplete?: () => boolean;
  readonly onQuery?: (query: AnsweredQuery) => void;
}

/** What is to be said, before its form. */
interface Reply {
  readonly rcode: DnsRcode;
  readonly answers: readonly Answer[];
  readonly authorities: readonly Answer[];
}

const NOTHING: Omit<Reply, 'rcode'> = { answers: [], authorities: [] };

/** Answers for the mesh's zones and refuses all others. Every query has one question, as in practice they all have. */
export function meshResponder(options: MeshResponderOptions): DnsResponder {
  let waiting = 0;
  /** Asks again until there is a reply, or patience ends. */
  const patiently = async (question: Question): Promise<Reply> => {
    const endMs = waiting < MAX_WAITING ? performance.now() + PATIENCE_MS : 0;
    waiting += 1;
    let reply: Reply | undefined;
    while (!reply && performance.now() < endMs) {
      await delay(LOOK_MS);
      reply = replyTo(question, options);
    }
    waiting -= 1;
    return reply ?? { rcode: 'SERVFAIL', ...NOTHING };
  };
  return (query, transport) => {
    if (query.length < HEADER_BYTES) return undefined;
    const flags = query.readUInt16BE(2);
    // A reply is never replied to, or two servers could talk for ever.
    if ((flags & 0x8000) !== 0) return undefined;
    const told = (rcode: DnsRcode, type: string): void => options.onQuery?.({ transport, type, rcode });
    const packet = parse(query);
    const [question] = packet?.questions ?? [];
    if (!packet || !question || packet.questions?.length !== 1 || !/^[!-~]*$/.test(question.name)) {
      told('FORMERR', '');
      return bare(query, 'FORMERR');
    }
    if ((flags & 0x7800) !== 0) {
      told('NOTIMP', '');
      return bare(query, 'NOTIMP');
    }
    const edns = ednsOf(packet);
    const answered = (reply: Reply): Buffer => {
      told(reply.rcode, question.type);
      const limit = transport === 'tcp' ? MAX_TCP_BYTES : udpLimit(edns);
      const whole = format(packet, question, { reply, edns });
      return whole.length <= limit
        ? whole
        : format(packet, question, { reply: { ...reply, ...NOTHING }, edns, cut: true });
    };
    if (edns && edns.ednsVersion > 0) return answered({ rcode: 'BADVERS', ...NOTHING });
    const reply = replyTo(question, options);
    return reply ? answered(reply) : patiently(question).then(answered);
  };
}

function parse(query: Buffer): Packet | undefined {
  try {
    return decode(query);
  } catch {
    return undefined;
  }
}

/** A reply of nothing but a header, to a message that cannot be read. */
function bare(query: Buffer, rcode: 'FORMERR' | 'NOTIMP'): Buffer {
  const reply = Buffer.alloc(HEADER_BYTES);
  query.copy(reply, 0, 0, 2);
  const asked = query.readUInt16BE(2) & (0x7800 | RECURSION_DESIRED);
  reply.writeUInt16BE(0x8000 | asked | RCODES[rcode], 2);
  return reply;
}

function ednsOf({ additionals }: Packet): OptAnswer | undefined {
  return additionals?.find((record): record is OptAnswer => record.type === 'OPT');
}

function udpLimit(edns: OptAnswer | undefined): number {
  return Math.min(Math.max(edns?.udpPayloadSize ?? 0, MIN_UDP_BYTES), MAX_UDP_BYTES);
}

/** Undefined for a name that may yet come to be known. */
function replyTo(question: Question, { names, cluster, isComplete }: MeshResponderOptions): Reply | undefined {
  const { name, class: of = 'IN' } = question;
  if (of !== 'IN' && of !== 'ANY') return { rcode: 'REFUSED', ...NOTHING };
  // Zones are not handed out whole, and "any" is answered with one kind (RFC 8482).
  if (question.type === 'AXFR' || question.type === 'IXFR') return { rcode: 'REFUSED', ...NOTHING };
  const type = (question.type as string) === 'ANY' ? 'A' : question.type;
  const answer = names.answer({ cluster, name, type });
  const isKnown = answer.kind === 'answer' || answer.kind === 'nodata';
  return isKnown || isComplete?.() !== false ? replyOf(question, type, answer) : undefined;
}

function replyOf({ name }: Question, type: string, answer: DnsAnswer): Reply {
  switch (answer.kind) {
    case 'answer':
      return { rcode: 'NOERROR', answers: answer.records.map((record) => recordOf(name, record)), authorities: [] };
    case 'nodata':
      return type === 'SOA' && name.toLowerCase() === answer.zone
        ? { rcode: 'NOERROR', answers: [soa(answer.zone)], authorities: [] }
        : { rcode: 'NOERROR', answers: [], authorities: [soa(answer.zone)] };
    case 'nxdomain':
      return { rcode: 'NXDOMAIN', answers: [], authorities: [soa(answer.zone)] };
    case 'refused':
      return { rcode: 'REFUSED', ...NOTHING };
  }
}

function recordOf(name: string, record: DnsRecord): Answer {
  const base = { name, ttl: TTL_SECONDS };
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { ...base, type: record.type, data: record.address };
    case 'PTR':
      return { ...base, type: 'PTR', data: record.hostname };
    case 'SRV':
      return { ...base, type: 'SRV', data: { port: record.port, target: record.target, priority: 0, weight: 0 } };
  }
}

/** Its `minimum` is how long a negative answer may be kept (RFC 2308). Nobody transfers the zone: the serial says nothing. */
function soa(zone: string): Answer {
  const data = {
    mname: 'istiod-dns.istio-system.svc.cluster.local',
    rname: `hostmaster.${zone}`,
    serial: 1,
    refresh: 3_600,
    retry: 600,
    expire: 86_400,
    minimum: TTL_SECONDS,
  };
  return { name: zone, type: 'SOA', ttl: TTL_SECONDS, data };
}

function format(
  query: Packet,
  question: Question,
  of: { readonly reply: Reply; readonly edns: OptAnswer | undefined; readonly cut?: true },
): Buffer {
  const { reply, edns, cut } = of;
  const rcode = RCODES[reply.rcode];
  const isOurs = reply.rcode === 'NOERROR' || reply.rcode === 'NXDOMAIN';
  const flags =
    (isOurs ? AUTHORITATIVE : 0) | (cut ? TRUNCATED : 0) | ((query.flags ?? 0) & RECURSION_DESIRED) | (rcode & 15);
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: MAX_UDP_BYTES,
    extendedRcode: rcode >> 4,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } satisfies OptAnswer;
  return encode({
    type: 'response',
    id: query.id ?? 0,
    flags,
    questions: [question],
    answers: [...reply.answers],
    authorities: [...reply.authorities],
    additionals: edns ? [opt] : [],
  });
}
