import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, describe, test } from 'node:test';
import { connect } from 'node:tls';
import { ChannelCredentials, status } from '@grpc/grpc-js';
import { AdsServer, type AdsServerOptions } from './ads-server.ts';
import type { NodeInfo } from './resource-feed.ts';
import { GrpcDeltaClient } from './testing/grpc-delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { createTestAuthority } from './testing/server-certificate.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS } from './xds-type.ts';

const authority = createTestAuthority();
const closers: (() => void | Promise<void>)[] = [];

after(async () => {
  for (const close of closers.reverse()) await close();
});

interface Running {
  readonly server: AdsServer;
  readonly mesh: MemoryMesh;
  readonly port: number;
  readonly nodes: NodeInfo[];
  client(token?: string): GrpcDeltaClient;
}

async function start(options: Partial<AdsServerOptions> = {}): Promise<Running> {
  const mesh = new MemoryMesh();
  const nodes: NodeInfo[] = [];
  const server = new AdsServer({
    host: '127.0.0.1',
    port: 0,
    tls: authority.issue(),
    controlPlane: 'cluster1',
    admit: async ({ authorization, node }) => {
      nodes.push(node);
      if (authorization !== 'Bearer good') return { kind: 'refused', reason: 'The token is of another cluster.' };
      return { kind: 'admitted', feed: mesh.feed(), cluster: 'cluster1', namespace: 'default', pod: node.id };
    },
    ...options,
  });
  closers.push(() => server.close());
  const port = await server.listen();
  const client = (token?: string): GrpcDeltaClient => {
    const credentials = ChannelCredentials.createSsl(Buffer.from(authority.rootPem));
    const made = new GrpcDeltaClient(`127.0.0.1:${port}`, credentials, { token });
    closers.push(() => made.close());
    return made;
  };
  return { server, mesh, port, nodes, client };
}

const HELLO = { node: { id: 'proxy1', cluster: 'cluster1' }, typeUrl: CDS.url };

async function refusal(client: GrpcDeltaClient): Promise<{ readonly code: number; readonly details: string }> {
  try {
    await client.next();
  } catch (error) {
    const { code, details } = error as { code: number; details: string };
    return { code, details };
  }
  return assert.fail('the stream was not refused');
}

async function serialServed(port: number): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', ca: authority.rootPem, servername: 'xds.test', ALPNProtocols: ['h2'] };
    const socket = connect(options, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      resolve(new X509Certificate(raw).serialNumber);
    });
    socket.on('error', reject);
  });
}

describe('a delta stream over gRPC and TLS', () => {
  test('sends, takes ACKs, sends changes, and shows them in status and counters', async () => {
    const { server, mesh, client, nodes } = await start();
    mesh.put(testResource(CDS, 'a', '1'), true);
    const proxy = client('good');
    proxy.send(HELLO);
    const first = await proxy.next();
    assert.deepEqual([first.typeUrl, first.names, first.controlPlane], [CDS.url, ['a'], 'cluster1']);
    assert.equal(nodes[0]?.id, 'proxy1');
    proxy.send({ typeUrl: CDS.url, responseNonce: first.nonce });
    mesh.put(testResource(CDS, 'b', '1'), true);
    mesh.remove(CDS.url, 'a');
    const second = await proxy.next();
    assert.deepEqual([second.names, second.removed], [['b'], ['a']]);
    assert.equal(server.status()[0]?.types['CDS']?.state, 'STALE');
    proxy.send({ typeUrl: CDS.url, responseNonce: second.nonce, errorDetail: { code: 13, message: 'no' } });
    assert.deepEqual((await proxy.next()).removed, ['a']);
    const [shown] = server.status();
    assert.deepEqual(
      [shown?.id, shown?.namespace, shown?.pod, shown?.controlPlane],
      ['proxy1', 'default', 'proxy1', 'cluster1'],
    );
    assert.equal(shown?.types['CDS']?.error?.resource, 'b');
    const { pushes, acks, nacks, bytes } = server.counters.types['CDS'] ?? assert.fail();
    assert.deepEqual([pushes, acks, nacks, bytes > 0], [3, 1, 1, true]);
  });

  test('leaves nothing open when the proxy goes', async () => {
    const { server, mesh, client } = await start();
    const proxy = client('good');
    proxy.send(HELLO);
    await proxy.next();
    assert.ok(mesh.openQueries > 0);
    proxy.close();
    for (let count = 0; count < 100 && server.counters.streams > 0; count += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(mesh.openQueries, 0);
    assert.deepEqual(server.status(), []);
  });

  test('goes on when the server gets a new key, which new connections see', async () => {
    const { server, mesh, client, port } = await start();
    const proxy = client('good');
    proxy.send(HELLO);
    const first = await proxy.next();
    const before = await serialServed(port);
    assert.throws(() => server.replaceCertificate({ certPem: 'nothing', keyPem: 'nothing' }));
    assert.equal(await serialServed(port), before);
    server.replaceCertificate(authority.issue());
    assert.notEqual(await serialServed(port), before);
    proxy.send({ typeUrl: CDS.url, responseNonce: first.nonce });
    mesh.put(testResource(CDS, 'a', '1'), true);
    assert.deepEqual((await proxy.next()).names, ['a']);
  });
});

describe('who is not let in', () => {
  test('is told why: no token, a token that is not good, no node, bytes that are no request', async () => {
    const { server, client } = await start();
    const withoutToken = client();
    withoutToken.send(HELLO);
    assert.deepEqual(await refusal(withoutToken), {
      code: status.UNAUTHENTICATED,
      details: 'The token is of another cluster.',
    });
    const stranger = client('stolen');
    stranger.send(HELLO);
    assert.equal((await refusal(stranger)).code, status.PERMISSION_DENIED);
    const nameless = client('good');
    nameless.send({ typeUrl: CDS.url });
    assert.equal((await refusal(nameless)).code, status.INVALID_ARGUMENT);
    const garbled = client('good');
    garbled.sendBytes(Buffer.from('no protobuf'));
    assert.equal((await refusal(garbled)).code, status.INVALID_ARGUMENT);
    assert.equal(server.counters.streamsRefused, 4);
  });

  test('fails the stream, not the server, when the proof cannot be checked', async () => {
    const { client } = await start({
      admit: async () => {
        throw new Error('the reviewer does not answer');
      },
    });
    const proxy = client('good');
    proxy.send(HELLO);
    const { code, details } = await refusal(proxy);
    assert.equal(code, status.INTERNAL);
    assert.match(details, /the reviewer does not answer/);
  });

  test('meets a fault of the control plane alone: other streams go on', async () => {
    const mesh = new MemoryMesh();
    const { client } = await start({
      admit: async ({ node }) => {
        const feed = { ...mesh.feed() };
        if (node.id === 'unlucky') {
          feed.watch = (): never => {
            throw new Error('no such table');
          };
        }
        return { kind: 'admitted', feed, cluster: 'cluster1', namespace: 'default', pod: node.id };
      },
    });
    const lucky = client('good');
    lucky.send(HELLO);
    const { nonce } = await lucky.next();
    lucky.send({ typeUrl: CDS.url, responseNonce: nonce });
    const unlucky = client('good');
    unlucky.send({ node: { id: 'unlucky' }, typeUrl: CDS.url, resourceNamesSubscribe: ['a'] });
    const { code, details } = await refusal(unlucky);
    assert.equal(code, status.INTERNAL);
    assert.match(details, /no such table/);
    mesh.put(testResource(CDS, 'a', '1'), true);
    assert.deepEqual((await lucky.next()).names, ['a']);
  });

  test('says nothing in time, or too much', async () => {
    const { client } = await start({ limits: { helloTimeoutMs: 50, requestBytes: 1000 } });
    const silent = client('good');
    silent.sendBytes(Buffer.alloc(0));
    assert.equal((await refusal(silent)).code, status.INVALID_ARGUMENT);
    const late = client('good');
    assert.equal((await refusal(late)).code, status.DEADLINE_EXCEEDED);
    const loud = client('good');
    loud.send({ ...HELLO, resourceNamesSubscribe: ['x'.repeat(2000)] });
    assert.equal((await refusal(loud)).code, status.RESOURCE_EXHAUSTED);
  });

  test('opens more streams than the server serves', async () => {
    const { client } = await start({ limits: { streams: 1 } });
    const first = client('good');
    first.send(HELLO);
    await first.next();
    const second = client('good');
    second.send(HELLO);
    assert.equal((await refusal(second)).code, status.RESOURCE_EXHAUSTED);
  });

  test('opens more streams than one proxy may: the oldest ends, the newest is shown', async () => {
    const { client, server } = await start({ limits: { streamsPerProxy: 1 } });
    const first = client('good');
    first.send(HELLO);
    await first.next();
    const second = client('good');
    second.send(HELLO);
    await second.next();
    assert.equal((await refusal(first)).code, status.ABORTED);
    assert.equal(server.status().length, 1);
  });

  test('is told that the control plane stops', async () => {
    const { client, server } = await start();
    const proxy = client('good');
    proxy.send(HELLO);
    await proxy.next();
    const refused = refusal(proxy);
    await server.close();
    assert.equal((await refused).code, status.UNAVAILABLE);
  });
});

test('a second port of the loopback takes plain text, and asks for the same token', async () => {
  const loopbackPort = await freePort();
  await start({ loopbackPort });
  const connectPlain = (token: string): GrpcDeltaClient => {
    const made = new GrpcDeltaClient(`127.0.0.1:${loopbackPort}`, ChannelCredentials.createInsecure(), { token });
    closers.push(() => made.close());
    made.send(HELLO);
    return made;
  };
  assert.equal((await connectPlain('good').next()).typeUrl, CDS.url);
  assert.equal((await refusal(connectPlain('bad'))).code, status.PERMISSION_DENIED);
});

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
