import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { decode, encode, type Packet } from 'dns-packet';
import type { ClusterId } from '../../model/index.ts';
import { parseManifest } from '../../sources/index.ts';
import { openLoopbackNetwork } from '../network/loopback-network.ts';
import type { PodNetwork } from '../network/pod-network.ts';
import { DnsServer } from './dns-server.ts';
import { redirect } from './stand-in-source.ts';

const STAND_INS = [
  {
    host: 'service.cloud.provider.com',
    address: '127.1.0.100',
    sockets: new Map([[80, { address: '127.1.0.100', port: 10080 }]]),
  },
];

function entry(spec: string) {
  const text = `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: x}\nspec:\n${spec}`;
  const [object] = parseManifest({ cluster: 'c' as ClusterId, file: 'f', text }).documents.flatMap(
    (one) => one.objects,
  );
  assert.ok(object);
  return object;
}

function endpointsOf(spec: string): unknown {
  return (redirect(entry(spec), STAND_INS).body['spec'] as { endpoints?: unknown }).endpoints;
}

test('endpoints at a host with a stand-in get its real ports', () => {
  const spec = `  hosts: [service.cloud]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
  endpoints: [{address: service.cloud.provider.com, ports: {http: 80}}, {address: other.example.com}]
`;
  assert.deepEqual(endpointsOf(spec), [
    { address: 'service.cloud.provider.com', ports: { http: 10080 } },
    { address: 'other.example.com' },
  ]);
});

test('a ServiceEntry of the host itself gets an endpoint with the real port', () => {
  const spec = `  hosts: [service.cloud.provider.com]
  ports: [{number: 8000, name: http, protocol: HTTP, targetPort: 80}]
  resolution: DNS
`;
  assert.deepEqual(endpointsOf(spec), [{ address: 'service.cloud.provider.com', ports: { http: 10080 } }]);
});

test('all other objects stay the very same', () => {
  const other = entry(
    '  hosts: [x.example.com]\n  resolution: DNS\n  ports: [{number: 80, name: http, protocol: HTTP}]\n',
  );
  assert.equal(redirect(other, STAND_INS), other);
});

let network: PodNetwork;
let server: DnsServer;
let upstream: DnsServer;
before(async () => {
  network = await openLoopbackNetwork();
  upstream = new DnsServer(
    await network.serviceSocket({ role: 'dns', index: 1, port: 53 }),
    new Map([['far.example', '192.0.2.7']]),
    [],
  );
  await upstream.start();
  const { address, port } = upstream.address;
  const hosts = new Map([['service.cloud.provider.com', '127.1.0.100']]);
  server = new DnsServer(await network.serviceSocket({ role: 'dns', index: 0, port: 53 }), hosts, [
    `${address}:${port}`,
  ]);
  await server.start();
});
after(async () => {
  await server.stop();
  await upstream.stop();
  await network.close();
});

function query(name: string, type: 'A' | 'AAAA'): Buffer {
  return encode({ type: 'query', id: 77, flags: 1 << 8, questions: [{ name, type, class: 'IN' }] });
}

async function askUdp(message: Buffer): Promise<Packet> {
  const socket = createSocket('udp4');
  const reply = new Promise<Packet>((resolve) => socket.once('message', (answer) => resolve(decode(answer))));
  socket.send(message, server.address.port, server.address.address);
  return await reply.finally(() => socket.close());
}

test('a mapped name has its address, no other record, and is no error', async () => {
  const answer = await askUdp(query('Service.Cloud.provider.com', 'A'));
  assert.equal(answer.id, 77);
  assert.deepEqual(
    answer.answers?.map((record) => 'data' in record && record.data),
    ['127.1.0.100'],
  );
  const nothing = await askUdp(query('service.cloud.provider.com', 'AAAA'));
  assert.deepEqual([nothing.answers, (nothing.flags ?? 0) & 0xf], [[], 0]);
});

test('other names are asked of the machine, and without an answer the server says so', async () => {
  const far = await askUdp(query('far.example', 'A'));
  assert.deepEqual(
    far.answers?.map((record) => 'data' in record && record.data),
    ['192.0.2.7'],
  );
  const failed = await askUdp(query('nobody.example', 'A'));
  assert.equal((failed.flags ?? 0) & 0xf, 2);
});

test('the same over TCP, two questions on one connection', async () => {
  const socket = connect({ host: server.address.address, port: server.address.port });
  const framed = (message: Buffer): Buffer =>
    Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message]);
  const both = Buffer.concat([
    framed(query('service.cloud.provider.com', 'A')),
    framed(query('service.cloud.provider.com', 'A')),
  ]);
  socket.write(both.subarray(0, 20));
  socket.write(both.subarray(20));
  let received = Buffer.alloc(0);
  for await (const part of socket) {
    received = Buffer.concat([received, part as Buffer]);
    const length = received.length >= 2 ? received.readUInt16BE(0) + 2 : Number.POSITIVE_INFINITY;
    if (received.length >= 2 * length) break;
  }
  assert.equal(decode(received.subarray(2, 2 + received.readUInt16BE(0))).answers?.length, 1);
});
