import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { statusOfTypes } from './stream-status.ts';
import { createTestServer, DeltaClient, formatResponse, type TestServer } from './testing/delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, EDS, LDS, RDS, SDS, VHDS, type XdsType } from './xds-type.ts';

interface Setup {
  readonly server: TestServer;
  readonly mesh: MemoryMesh;
  readonly client: DeltaClient;
}

function setup(...limits: Parameters<typeof createTestServer>): Setup {
  const server = createTestServer(...limits);
  const mesh = new MemoryMesh();
  return { server, mesh, client: new DeltaClient(server, mesh.feed()) };
}

function put(mesh: MemoryMesh, type: XdsType, version: string, ...names: string[]): void {
  for (const name of names) mesh.put(testResource(type, name, version), true);
}

describe('subscriptions', () => {
  test('a first request without names stands for every cluster and listener, and for no other type', () => {
    const { mesh, client } = setup();
    for (const type of [CDS, LDS, EDS, RDS]) put(mesh, type, '1', 'a');
    for (const type of [CDS, LDS, EDS, RDS]) client.request(type);
    assert.deepEqual(client.ackAll(), ['Cluster a=1', 'Listener a=1']);
  });

  test('a wildcard with nothing behind it is answered, because the proxy waits for it', () => {
    const { client } = setup();
    client.request(CDS);
    client.request(LDS);
    assert.deepEqual(client.ackAll(), ['Cluster', 'Listener']);
  });

  test('a first request with names is no wildcard, and a later one without names neither', () => {
    const { mesh, client } = setup();
    put(mesh, CDS, '1', 'a', 'b');
    client.request(CDS, { subscribe: ['a'] });
    client.request(CDS);
    assert.deepEqual(client.ackAll(), ['Cluster a=1']);
  });

  test('names beside the wildcard are sent at once, and stay when the wildcard goes', () => {
    const { mesh, client } = setup();
    put(mesh, CDS, '1', 'a');
    mesh.put(testResource(CDS, 'hidden', '1'));
    client.request(CDS, { subscribe: ['*'] });
    assert.deepEqual(client.ackAll(), ['Cluster a=1']);
    client.request(CDS, { subscribe: ['hidden'] });
    assert.deepEqual(client.ackAll(), ['Cluster hidden=1']);
    client.request(CDS, { unsubscribe: ['*'] });
    put(mesh, CDS, '2', 'a', 'hidden');
    assert.deepEqual(client.ackAll(), ['Cluster hidden=2']);
  });

  test('a name given back under a wildcard is told about: sent again where the wildcard has it, else removed', () => {
    const { mesh, client } = setup();
    put(mesh, CDS, '1', 'a');
    mesh.put(testResource(CDS, 'hidden', '1'));
    client.request(CDS, { subscribe: ['*', 'a', 'hidden'] });
    assert.deepEqual(client.ackAll(), ['Cluster a=1 hidden=1']);
    client.request(CDS, { unsubscribe: ['a', 'hidden'] });
    assert.deepEqual(client.ackAll(), ['Cluster a=1 -hidden']);
  });

  test('a name that is asked for again is sent again', () => {
    const { mesh, client } = setup();
    put(mesh, RDS, '1', 'a');
    client.request(RDS, { subscribe: ['a'] });
    assert.deepEqual(client.ackAll(), ['RouteConfiguration a=1']);
    client.request(RDS, { unsubscribe: ['a'] });
    client.request(RDS, { subscribe: ['a'] });
    assert.deepEqual(client.ackAll(), ['RouteConfiguration a=1']);
  });

  test('a name that is asked for while it is on its way is sent once more', () => {
    const { server, mesh, client } = setup();
    put(mesh, RDS, '1', 'a');
    client.request(RDS, { subscribe: ['a'] });
    server.clock.turn();
    client.request(RDS, { subscribe: ['a'] });
    assert.deepEqual(client.ackAll(), ['RouteConfiguration a=1', 'RouteConfiguration a=1']);
  });

  test('nothing is left on the feed when the stream closes', () => {
    const { server, mesh, client } = setup();
    client.request(CDS);
    client.request(EDS, { subscribe: ['a', 'b'] });
    assert.equal(mesh.openQueries, 3);
    assert.equal(server.counters.types['EDS']?.subscriptions, 2);
    client.stream.close();
    assert.equal(mesh.openQueries, 0);
    assert.equal(server.counters.types['EDS']?.subscriptions, 0);
  });
});

describe('names that do not exist', () => {
  test('are told once in removed_resources, and sent when there is one', () => {
    const { mesh, client } = setup();
    client.request(CDS, { subscribe: ['a'] });
    client.request(RDS, { subscribe: ['a'] });
    assert.deepEqual(client.ackAll(), ['Cluster -a', 'RouteConfiguration -a']);
    put(mesh, CDS, '1', 'a');
    assert.deepEqual(client.ackAll(), ['Cluster a=1']);
    mesh.remove(CDS.url, 'a');
    assert.deepEqual(client.ackAll(), ['Cluster -a']);
  });

  test('of secrets are waited for in silence', () => {
    const { mesh, client } = setup();
    client.request(SDS, { subscribe: ['key'] });
    assert.deepEqual(client.ackAll(), []);
    put(mesh, SDS, '1', 'key');
    assert.deepEqual(client.ackAll(), ['Secret key=1']);
  });

  test('of virtual hosts are answered by a resource without a body', () => {
    const { client } = setup();
    client.request(VHDS, { subscribe: ['out/nobody.test'] });
    assert.deepEqual(client.ackAll(), ['VirtualHost !out/nobody.test']);
  });

  test('over the limit, and too long ones, are answered as if there were none, and not remembered', () => {
    const { server, mesh, client } = setup({ namesPerStream: 1, nameLength: 8 });
    put(mesh, CDS, '1', 'a', 'b', 'muchtoolong');
    client.request(CDS, { subscribe: ['a', 'b', 'muchtoolong'] });
    assert.deepEqual(client.ackAll(), ['Cluster a=1 -b -muchtoolong']);
    assert.equal(server.counters.namesRefused, 2);
    assert.equal(mesh.openQueries, 1);
    client.request(CDS, { unsubscribe: ['a'] });
    client.request(CDS, { subscribe: ['b'] });
    assert.deepEqual(client.ackAll(), ['Cluster b=1']);
  });
});

describe('what is sent', () => {
  test('changes of one turn are one response, and of changes on the way only the newest state is sent', () => {
    const { server, mesh, client } = setup();
    put(mesh, CDS, '1', 'a', 'b', 'c');
    client.request(CDS);
    server.clock.turn();
    put(mesh, CDS, '2', 'a');
    server.clock.turn();
    put(mesh, CDS, '3', 'a', 'b');
    mesh.remove(CDS.url, 'c');
    server.clock.turn();
    assert.deepEqual(client.ackAll(), ['Cluster a=1 b=1 c=1', 'Cluster a=3 b=3 -c']);
  });

  test('a change that is taken back before it was sent is not sent', () => {
    const { mesh, client } = setup();
    put(mesh, CDS, '1', 'a');
    client.request(CDS);
    client.ackAll();
    put(mesh, CDS, '2', 'a');
    put(mesh, CDS, '1', 'a');
    assert.deepEqual(client.ackAll(), []);
  });

  test('a proxy that comes back is sent only what differs from what it has', () => {
    const { mesh, client } = setup();
    put(mesh, CDS, '2', 'a', 'b');
    const initialVersions = new Map([
      ['a', '2'],
      ['b', '1'],
      ['gone', '1'],
    ]);
    client.request(CDS, { initialVersions });
    client.request(EDS, { subscribe: ['x', 'y'], initialVersions: new Map([['x', '1']]) });
    put(mesh, EDS, '1', 'x', 'y');
    assert.deepEqual(client.ackAll(), ['Cluster b=2 -gone', 'ClusterLoadAssignment y=1']);
  });

  test('while not all is known, a proxy that comes back keeps what it has, and is answered what it asks for', () => {
    const { server, mesh, client } = setup();
    server.setSettling(true);
    put(mesh, EDS, '2', 'few', 'new');
    const initialVersions = new Map([
      ['few', '1'],
      ['again', '1'],
      ['gone', '1'],
    ]);
    client.request(EDS, { subscribe: ['few', 'again', 'gone', 'new'], initialVersions });
    assert.deepEqual(client.ackAll(), ['ClusterLoadAssignment new=2']);
    put(mesh, EDS, '3', 'few');
    assert.deepEqual(client.ackAll(), []);
    put(mesh, EDS, '3', 'again');
    client.request(EDS, { subscribe: ['again'] });
    assert.deepEqual(client.ackAll(), ['ClusterLoadAssignment again=3']);
    server.setSettling(false);
    client.stream.ads.schedule();
    assert.deepEqual(client.ackAll(), ['ClusterLoadAssignment few=3 -gone']);
  });

  test('a response larger than the limit goes in parts', () => {
    const { mesh, client } = setup({ responseBytes: 10 });
    put(mesh, CDS, '1', 'aaa', 'bbb', 'ccc');
    client.request(CDS);
    assert.deepEqual(client.ackAll(), ['Cluster aaa=1 bbb=1', 'Cluster ccc=1']);
  });

  test('an answer with an old nonce changes nothing', () => {
    const { server, mesh, client } = setup();
    put(mesh, CDS, '1', 'a');
    client.request(CDS);
    server.clock.turn();
    client.request(CDS, { responseNonce: '99' });
    put(mesh, CDS, '2', 'a');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster a=1']);
  });
});

test('status says what was sent, taken and refused', () => {
  const { server, mesh, client } = setup();
  put(mesh, CDS, '1', 'a');
  client.request(CDS);
  client.request(SDS, { subscribe: ['key'] });
  const read = (): unknown => statusOfTypes(client.stream.ads);
  assert.deepEqual(read(), { CDS: { state: 'NOT SENT', resources: 0 }, SDS: { state: 'NOT SENT', resources: 0 } });
  server.clock.turn();
  assert.deepEqual(read(), { CDS: { state: 'STALE', resources: 0 }, SDS: { state: 'NOT SENT', resources: 0 } });
  client.nack('no', CDS);
  client.ackAll();
  const origins = testResource(CDS, 'a', '1').origin;
  assert.deepEqual(read(), {
    CDS: { state: 'NACKED', resources: 0, error: { resource: 'a', message: 'no', origins } },
    SDS: { state: 'NOT SENT', resources: 0 },
  });
  put(mesh, CDS, '2', 'a');
  client.ackAll();
  assert.deepEqual(read(), {
    CDS: { state: 'SYNCED', resources: 1, lastAckAtMs: 1_000 },
    SDS: { state: 'NOT SENT', resources: 0 },
  });
});
