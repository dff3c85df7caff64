import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createTestServer, DeltaClient, formatResponse, type TestServer } from './testing/delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, RDS, SDS, VHDS } from './xds-type.ts';

interface Setup {
  readonly server: TestServer;
  readonly mesh: MemoryMesh;
  readonly client: DeltaClient;
}

function setup(shareKey?: string): Setup {
  const server = createTestServer();
  const mesh = new MemoryMesh();
  return { server, mesh, client: new DeltaClient(server, mesh.feed(shareKey)) };
}

function put(mesh: MemoryMesh, version: string, ...names: string[]): void {
  for (const name of names) mesh.put(testResource(CDS, name, version), true);
}

/** Refuses every response with one of these versions until the stream comes to rest. @returns all that was sent. */
function refuseVersions(setup: Setup, ...bad: string[]): readonly string[] {
  const seen: string[] = [];
  for (;;) {
    setup.server.clock.turn();
    const [response] = setup.client.inbox;
    if (!response) return seen;
    seen.push(formatResponse(response));
    const refused = response.items.some((item) => item.kind === 'resource' && bad.includes(item.resource.version));
    if (refused) setup.client.nack('Proto constraint validation failed');
    else setup.client.ack();
  }
}

describe('a refused resource', () => {
  test('is found by sending the response in parts, is not sent again, and the others are taken', () => {
    const all = setup();
    put(all.mesh, '1', 'a', 'b', 'c', 'd');
    all.mesh.put(testResource(CDS, 'c', 'bad'));
    all.client.request(CDS);
    assert.deepEqual(refuseVersions(all, 'bad'), [
      'Cluster a=1 b=1 c=bad d=1',
      'Cluster a=1 b=1',
      'Cluster c=bad d=1',
      'Cluster c=bad',
      'Cluster d=1',
    ]);
    assert.deepEqual(
      [...all.server.nacks].map(([key, nack]) => [key, nack.message, nack.origins[0]?.name]),
      [['proxy1 Cluster c', 'Proto constraint validation failed', 'c']],
    );
    put(all.mesh, '2', 'a');
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=2']);
    assert.equal(all.server.counters.types['CDS']?.nacks, 3);
  });

  test('is over when a later version is taken', () => {
    const all = setup();
    put(all.mesh, 'bad', 'a');
    all.client.request(CDS);
    refuseVersions(all, 'bad');
    assert.equal(all.server.nacks.size, 1);
    put(all.mesh, '2', 'a');
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=2']);
    assert.equal(all.server.nacks.size, 0);
  });

  test('is over, without a word, when the mesh goes back to what the proxy has', () => {
    const all = setup();
    put(all.mesh, '1', 'a');
    all.client.request(CDS);
    refuseVersions(all, 'bad');
    put(all.mesh, 'bad', 'a');
    refuseVersions(all, 'bad');
    assert.equal(all.server.nacks.size, 1);
    put(all.mesh, '1', 'a');
    assert.deepEqual(refuseVersions(all, 'bad'), []);
    assert.equal(all.server.nacks.size, 0);
  });

  test('is over when its object is deleted, given back, or its proxy leaves', () => {
    const all = setup();
    put(all.mesh, 'bad', 'a', 'b', 'c');
    all.client.request(CDS, { subscribe: ['a', 'b', 'c'] });
    refuseVersions(all, 'bad');
    assert.equal(all.server.nacks.size, 3);
    all.mesh.remove(CDS.url, 'a');
    all.client.request(CDS, { unsubscribe: ['b'] });
    all.server.clock.turn();
    assert.deepEqual([...all.server.nacks.keys()], ['proxy1 Cluster c']);
    all.client.stream.close();
    assert.equal(all.server.nacks.size, 0);
  });

  test('that was asked for by name and never held is answered as if there were none', () => {
    const all = setup();
    all.mesh.put(testResource(VHDS, 'out/a', 'bad'));
    all.client.request(VHDS, { subscribe: ['out/a'] });
    assert.deepEqual(refuseVersions(all, 'bad'), ['VirtualHost out/a=bad', 'VirtualHost !out/a']);
  });

  test('keeps removals of the same response', () => {
    const all = setup();
    put(all.mesh, '1', 'a', 'b');
    all.client.request(CDS);
    refuseVersions(all);
    put(all.mesh, 'bad', 'a');
    all.mesh.remove(CDS.url, 'b');
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=bad -b', 'Cluster -b']);
    assert.deepEqual([...all.client.heldOf(CDS)], [['a', '1']]);
  });

  test('with a long text is remembered in short', () => {
    const all = setup();
    put(all.mesh, 'bad', 'a');
    all.client.request(CDS);
    all.server.clock.turn();
    all.client.nack('x'.repeat(100_000));
    assert.equal(all.server.nacks.get('proxy1 Cluster a')?.message.length, 4096);
  });
});

describe('the last good version', () => {
  function broken(shareKey: string | undefined, type = CDS): Setup {
    const all = setup(shareKey);
    all.mesh.put(testResource(type, 'a', '1'), true);
    all.client.request(type, { subscribe: ['a'] });
    refuseVersions(all);
    all.mesh.put(testResource(type, 'a', 'bad'), true);
    refuseVersions(all, 'bad');
    return { ...all, client: new DeltaClient(all.server, all.mesh.feed(shareKey)) };
  }

  test('that others took goes to a proxy that starts while a broken one is in place', () => {
    const all = broken('sidecars');
    all.client.request(CDS, { subscribe: ['a'] });
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=bad', 'Cluster a=1']);
    assert.equal(all.server.nacks.size, 1);
    all.mesh.put(testResource(CDS, 'a', '2'), true);
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=2']);
    assert.equal(all.server.nacks.size, 0);
  });

  test('is tried once', () => {
    const all = broken('sidecars');
    all.client.request(CDS, { subscribe: ['a'] });
    assert.deepEqual(refuseVersions(all, 'bad', '1'), ['Cluster a=bad', 'Cluster a=1', 'Cluster -a']);
  });

  test('is not given where resources are not shared', () => {
    const all = broken(undefined);
    all.client.request(CDS, { subscribe: ['a'] });
    assert.deepEqual(refuseVersions(all, 'bad'), ['Cluster a=bad', 'Cluster -a']);
  });

  test('of secrets is never kept', () => {
    const all = broken('sidecars', SDS);
    assert.equal(all.server.lastGood.size, 0);
    all.client.request(SDS, { subscribe: ['a'] });
    assert.deepEqual(refuseVersions(all, 'bad'), ['Secret a=bad']);
  });

  test('is forgotten when too many are remembered', () => {
    const all = setup('sidecars');
    const names = Array.from({ length: 150 }, (_, index) => `route${index}`);
    for (const name of names) all.mesh.put(testResource(RDS, name, '1'));
    all.client.request(RDS, { subscribe: names });
    refuseVersions(all);
    assert.equal(all.server.lastGood.size, 100);
    assert.equal(all.server.lastGood.find('sidecars', RDS.url, 'route0'), undefined);
    assert.equal(all.server.lastGood.find('sidecars', RDS.url, 'route149')?.version, '1');
  });
});
