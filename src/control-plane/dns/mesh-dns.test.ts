/** The mesh's DNS over real sockets: what messages say, in both transports. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { decode, encode, type Packet, type Question } from 'dns-packet';
import fc from 'fast-check';
import type { ClusterId, SocketAddress } from '../../model/index.ts';
import { serviceText } from '../../translate/testing/manifests.ts';
import { PaperMesh } from '../../translate/testing/paper-mesh.ts';
import { DnsListener } from './dns-listener.ts';
import { type AnsweredQuery, meshResponder } from './mesh-responder.ts';

const PODS = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`many-${i}`, `10.1.1.${i + 1}`]));
const paper = new PaperMesh({
  clusters: {
    cluster1: serviceText({ name: 'service', pods: { a: '10.1.0.1' } }),
    cluster2:
      serviceText({ name: 'service', pods: { b: '10.2.0.1' } }) +
      serviceText({ name: 'many', pods: PODS, headless: true }),
  },
});
const { mesh } = paper.plane;

const told: AnsweredQuery[] = [];
const respond = meshResponder({
  names: mesh.names,
  cluster: 'cluster1' as ClusterId,
  onQuery: (query) => told.push(query),
});
const listener = new DnsListener({ address: '127.0.0.1', port: 0 }, respond);
let at: SocketAddress;
before(async () => {
  at = await listener.start();
});
after(async () => {
  await listener.stop();
});

const RCODE = 0x0f;
const TRUNCATED = 1 << 9;
const AUTHORITATIVE = 1 << 10;

function query(question: Partial<Question>, more: Partial<Packet> = {}): Buffer {
  const full = { type: 'A', name: 'service.cluster2', ...question } as Question;
  return encode({ type: 'query', id: 4711, flags: 1 << 8, questions: [full], ...more });
}

async function udp(message: Buffer): Promise<Packet & { readonly bytes: number }> {
  const socket = createSocket('udp4');
  try {
    return await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('message', (reply) => resolve({ ...decode(reply), bytes: reply.length }));
      socket.send(message, at.port, at.address);
    });
  } finally {
    socket.close();
  }
}

/** Sends bytes over TCP and gives so many replies. */
async function tcp(bytes: Buffer, replies: number): Promise<readonly Packet[]> {
  const socket: Socket = connect(at.port, at.address);
  try {
    return await new Promise((resolve, reject) => {
      let pending = Buffer.alloc(0);
      const found: Packet[] = [];
      socket.on('error', reject);
      socket.on('close', () => reject(new Error('closed')));
      socket.on('data', (part) => {
        pending = Buffer.concat([pending, part]);
        while (pending.length >= 2 && pending.length >= pending.readUInt16BE(0) + 2) {
          const end = pending.readUInt16BE(0) + 2;
          found.push(decode(pending.subarray(2, end)));
          pending = pending.subarray(end);
        }
        if (found.length === replies) resolve(found);
      });
      socket.write(bytes);
    });
  } finally {
    socket.destroy();
  }
}

function framed(message: Buffer): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16BE(message.length);
  return Buffer.concat([size, message]);
}

const codeOf = ({ flags = 0 }: Packet): number => flags & RCODE;

describe('replies', () => {
  test('an address, with the name as it was spelled', async () => {
    const reply = await udp(query({ name: 'Service.cluster2' }));
    assert.equal(reply.id, 4711);
    assert.equal(codeOf(reply), 0);
    assert.ok((reply.flags ?? 0) & AUTHORITATIVE);
    const [answer] = reply.answers ?? [];
    assert.ok(answer?.type === 'A');
    assert.equal(answer.name, 'Service.cluster2');
    assert.equal(answer.ttl, 30);
    assert.match(answer.data, /^240\./);
    assert.deepEqual(told.at(-1), { transport: 'udp', type: 'A', rcode: 'NOERROR' });
  });

  for (const type of ['AAAA', 'TXT', 'MX', 'PTR', 'UNKNOWN_65'] as const) {
    test(`${type} of a name that has addresses alone: no data, and for how long`, async () => {
      const reply = await udp(query({ type: type as 'A' }));
      assert.equal(codeOf(reply), 0);
      assert.deepEqual(reply.answers, []);
      const [soa] = reply.authorities ?? [];
      assert.ok(soa?.type === 'SOA');
      assert.deepEqual([soa.name, soa.data.minimum], ['cluster2', 30]);
    });
  }

  test('a name that is not there, one of another zone, a zone itself', async () => {
    const gone = await udp(query({ name: 'nobody.cluster2' }));
    assert.deepEqual([codeOf(gone), gone.authorities?.[0]?.type], [3, 'SOA']);
    const other = await udp(query({ name: 'example.org' }));
    assert.deepEqual([codeOf(other), other.authorities], [5, []]);
    const zone = await udp(query({ name: 'cluster2', type: 'SOA' }));
    assert.equal(zone.answers?.[0]?.type, 'SOA');
    assert.equal(codeOf(await udp(query({ name: '.', type: 'NS' }))), 5);
  });

  test('zones are not handed out, and other classes and operations are none of ours', async () => {
    assert.equal(codeOf(await udp(query({ name: 'cluster2', type: 'AXFR' }))), 5);
    assert.equal(codeOf(await udp(query({ class: 'CH' }))), 5);
    const update = query({});
    update.writeUInt16BE(5 << 11, 2);
    assert.equal(codeOf(await udp(update)), 4);
  });
});

describe('sizes', () => {
  const many = { name: 'many.default.cluster2' };
  const edns = (udpPayloadSize: number, ednsVersion = 0): Partial<Packet> => ({
    additionals: [
      { type: 'OPT', name: '.', udpPayloadSize, extendedRcode: 0, ednsVersion, flags: 0, flag_do: false, options: [] },
    ],
  });

  test('what is too large for UDP is cut, and whole over TCP', async () => {
    const cut = await udp(query(many));
    assert.ok((cut.flags ?? 0) & TRUNCATED);
    assert.deepEqual(cut.answers, []);
    const [whole] = await tcp(framed(query(many)), 1);
    assert.equal(whole?.answers?.length, 60);
  });

  test('EDNS is answered with EDNS; no more than 1232 bytes go over UDP, whatever is asked', async () => {
    const reply = await udp(query({}, edns(4096)));
    assert.equal(reply.additionals?.[0]?.type, 'OPT');
    assert.equal((await udp(query({}))).additionals?.length, 0);
    assert.ok((await udp(query(many, edns(65_000)))).bytes <= 1_232);
  });

  test('another version of EDNS', async () => {
    const [opt] = (await udp(query({}, edns(1232, 1)))).additionals ?? [];
    assert.ok(opt?.type === 'OPT');
    assert.equal(opt.extendedRcode, 1);
  });
});

describe('what comes in', () => {
  test('several messages of one connection, in pieces', async () => {
    const bytes = Buffer.concat([framed(query({})), framed(query({ name: 'nobody.cluster2' }))]);
    const replies = await tcp(bytes, 2);
    assert.deepEqual(replies.map(codeOf), [0, 3]);
  });

  test('a message over TCP that is too large ends the connection', async () => {
    await assert.rejects(tcp(Buffer.from([0xff, 0xff, 0, 0]), 1), /closed|ECONNRESET/);
  });

  test('garbage gets a form error or nothing, and a reply gets nothing', () => {
    assert.equal(respond(Buffer.from('short'), 'udp'), undefined);
    const reply = query({});
    reply.writeUInt16BE(0x8000, 2);
    assert.equal(respond(reply, 'udp'), undefined);
    assert.equal(codeOf(decode(respond(query({}, { questions: [] }), 'udp') as Buffer)), 1);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const answered = respond(Buffer.from(bytes), 'udp');
        assert.ok(answered === undefined || (answered instanceof Buffer && answered.length >= 12));
      }),
    );
    const good = query({});
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (position, value) => {
        const bytes = Buffer.from(good);
        bytes[position] = value;
        respond(bytes, 'udp');
      }),
    );
  });
});

describe('while not all clusters are read', () => {
  const early = (state: { readonly isComplete: boolean }) => {
    const ask = meshResponder({
      names: mesh.names,
      cluster: 'cluster1' as ClusterId,
      isComplete: () => state.isComplete,
    });
    return async (question: Partial<Question>): Promise<number> => {
      const reply = await ask(query(question), 'udp');
      assert.ok(Buffer.isBuffer(reply));
      return reply.readUInt16BE(2) & RCODE;
    };
  };

  test('a name that is not known is a failure, not a denial', async () => {
    const codeOf = early({ isComplete: false });
    const known = await Promise.all([codeOf({}), codeOf({ type: 'AAAA' })]);
    const unknown = await Promise.all([codeOf({ name: 'nobody.cluster2' }), codeOf({ name: 'service.cluster3' })]);
    assert.deepEqual(
      [known, unknown],
      [
        [0, 0],
        [2, 2],
      ],
    );
  });

  test('it is waited for, a moment', async () => {
    const state = { isComplete: false };
    const codeOf = early(state);
    const text = serviceText({ name: 'late', pods: { l: '10.2.0.9' } });
    const codes = Promise.all([codeOf({ name: 'late.cluster2' }), codeOf({ name: 'nobody.cluster2' })]);
    await delay(50);
    paper.apply('cluster2', text);
    assert.equal((await codes)[0], 0);
    state.isComplete = true;
    assert.deepEqual(await Promise.all([codeOf({ name: 'nobody.cluster2' }), codeOf({ name: 'x.cluster3' })]), [3, 5]);
    paper.delete('cluster2', text);
  });
});
