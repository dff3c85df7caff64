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

describe('make before break', () => {
  function inUse(): Setup {
    const all = setup();
    put(all.mesh, CDS, '1', 'old');
    put(all.mesh, EDS, '1', 'old');
    put(all.mesh, LDS, '1', 'in');
    put(all.mesh, RDS, '1', 'in');
    all.client.request(CDS);
    all.client.request(EDS, { subscribe: ['old'] });
    all.client.request(LDS);
    all.client.request(RDS, { subscribe: ['in'] });
    all.client.ackAll();
    return all;
  }

  test('routes move after the new cluster was taken, and the old cluster goes after the routes have moved', () => {
    const { server, mesh, client } = inUse();
    put(mesh, RDS, '2', 'in');
    mesh.remove(CDS.url, 'old');
    put(mesh, CDS, '1', 'new');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster new=1']);
    assert.deepEqual(client.ackAll(), ['Cluster new=1', 'RouteConfiguration in=2', 'Cluster -old']);
  });

  test('later changes to clusters and endpoints do not hold back routes of an earlier turn', () => {
    const { server, mesh, client } = inUse();
    put(mesh, EDS, '2', 'old');
    server.clock.turn();
    put(mesh, RDS, '2', 'in');
    put(mesh, EDS, '3', 'old');
    server.clock.turn();
    client.ack(EDS);
    put(mesh, EDS, '4', 'old');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['ClusterLoadAssignment old=4']);
    client.ack(EDS);
    put(mesh, EDS, '5', 'old');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['ClusterLoadAssignment old=5', 'RouteConfiguration in=2']);
  });

  test('answers to requests do not wait for changes', () => {
    const { server, mesh, client } = inUse();
    put(mesh, CDS, '2', 'old');
    server.clock.turn();
    client.request(RDS, { subscribe: ['second'] });
    put(mesh, RDS, '1', 'second');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), [
      'Cluster old=2',
      'ClusterLoadAssignment old=1',
      'RouteConfiguration second=1',
    ]);
  });

  test('a proxy that does not take its clusters gets its routes after the time-out', () => {
    const { server, mesh, client } = inUse();
    put(mesh, CDS, '1', 'new');
    put(mesh, RDS, '2', 'in');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster new=1']);
    server.clock.advance(server.limits.orderTimeoutMs);
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster new=1', 'RouteConfiguration in=2']);
  });

  test('endpoints are sent again with a replaced cluster, and endpoints never wait for the ACK of clusters', () => {
    const { server, mesh, client } = inUse();
    put(mesh, CDS, '2', 'old');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster old=2', 'ClusterLoadAssignment old=1']);
    client.ack(EDS);
    put(mesh, EDS, '2', 'old');
    server.clock.turn();
    assert.deepEqual(client.inbox.map(formatResponse), ['Cluster old=2', 'ClusterLoadAssignment old=2']);
  });

  test('endpoints that were on their way when their cluster was replaced are sent once more', () => {
    const { server, mesh, client } = inUse();
    put(mesh, EDS, '2', 'old');
    server.clock.turn();
    put(mesh, CDS, '2', 'old');
    server.clock.turn();
    assert.deepEqual(client.ackAll(), ['ClusterLoadAssignment old=2', 'Cluster old=2', 'ClusterLoadAssignment old=2']);
  });
});

describe('virtual hosts', () => {
  test('the first ones of a route configuration are sent when it was taken, whether asked for or not', () => {
    const { server, mesh, client } = setup();
    put(mesh, VHDS, '1', 'out/*', 'later/*');
    put(mesh, RDS, '1', 'out');
    client.request(RDS, { subscribe: ['out', 'later'] });
    server.clock.turn();
    client.request(VHDS);
    server.clock.turn();
    assert.deepEqual(client.ackAll(), ['RouteConfiguration out=1 -later', 'VirtualHost out/*=1']);
    put(mesh, RDS, '1', 'later');
    assert.deepEqual(client.ackAll(), ['RouteConfiguration later=1', 'VirtualHost later/*=1']);
  });

  test('are sent again when their route configuration comes back, and never as an empty response', () => {
    const { mesh, client } = setup();
    client.request(VHDS);
    client.request(RDS, { subscribe: ['out'] });
    assert.deepEqual(client.ackAll(), ['RouteConfiguration -out']);
    put(mesh, VHDS, '1', 'out/*');
    put(mesh, RDS, '1', 'out');
    assert.deepEqual(client.ackAll(), ['RouteConfiguration out=1', 'VirtualHost out/*=1']);
    client.request(RDS, { unsubscribe: ['out'] });
    client.request(RDS, { subscribe: ['out'] });
    assert.deepEqual(client.ackAll(), ['RouteConfiguration out=1', 'VirtualHost out/*=1']);
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
