import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestServer, DeltaClient, formatResponse, type TestServer } from './testing/delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, EDS, LDS, RDS, VHDS, type XdsType } from './xds-type.ts';

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
