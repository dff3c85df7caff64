import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SotwRequest, SotwResponse } from './discovery-message.ts';
import { SotwStream } from './sotw-stream.ts';
import { createTestServer } from './testing/delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, EDS, RDS, type XdsType } from './xds-type.ts';

function setup() {
  const server = createTestServer();
  const mesh = new MemoryMesh();
  const inbox: SotwResponse[] = [];
  const nacks = new Set<string>();
  const stream = new SotwStream({
    clock: server.clock,
    limits: server.limits,
    counters: server.counters,
    lastGood: server.lastGood,
    listener: { onNack: (nack) => nacks.add(nack.resource), onRecovered: (nack) => nacks.delete(nack.resource) },
    proxy: 'grpc1',
    feed: mesh.feed(),
    controlPlane: 'test',
    send: (response) => inbox.push(response),
  });
  const request = (type: XdsType, names: readonly string[], fields: Partial<SotwRequest> = {}): void => {
    const rest = { node: undefined, versionInfo: '', responseNonce: '', error: undefined };
    stream.receive({ ...rest, typeUrl: type.url, names, ...fields });
  };
  const next = (): SotwResponse | undefined => {
    server.clock.turn();
    return inbox.shift();
  };
  return { server, mesh, stream, nacks, request, next };
}

function namesOf(response: SotwResponse | undefined): string {
  const names = (response?.resources ?? []).map(({ name, version }) => `${name}=${version}`);
  return names.sort().join(' ');
}

test('clusters are sent as a whole, so that what is missing is gone; other types only what changed', () => {
  const { mesh, request, next, stream } = setup();
  for (const type of [CDS, EDS]) for (const name of ['a', 'b']) mesh.put(testResource(type, name, '1'), true);
  request(CDS, []);
  const first = next();
  assert.equal(namesOf(first), 'a=1 b=1');
  request(CDS, [], { responseNonce: first?.nonce ?? '' });
  request(EDS, ['a', 'b']);
  const endpoints = next();
  assert.equal(namesOf(endpoints), 'a=1 b=1');
  request(EDS, ['a', 'b'], { responseNonce: endpoints?.nonce ?? '' });
  mesh.put(testResource(EDS, 'b', '2'));
  mesh.put(testResource(CDS, 'a', '2'));
  mesh.remove(CDS.url, 'b');
  const second = next();
  assert.equal(namesOf(second), 'a=2');
  assert.equal(namesOf(next()), 'a=1 b=2');
  stream.close();
  assert.equal(mesh.openQueries, 0);
});

test('names that a request leaves out are given back, and new ones are sent', () => {
  const { mesh, request, next, server } = setup();
  for (const name of ['a', 'b']) mesh.put(testResource(RDS, name, '1'));
  request(RDS, ['a']);
  const first = next();
  request(RDS, ['b'], { responseNonce: 'old' });
  assert.equal(next(), undefined);
  request(RDS, ['b'], { responseNonce: first?.nonce ?? '' });
  assert.equal(namesOf(next()), 'b=1');
  assert.equal(server.counters.types['RDS']?.subscriptions, 1);
});

test('a listener or cluster that does not exist is answered by a response without it', () => {
  const { request, next } = setup();
  request(CDS, ['a']);
  const response = next();
  assert.deepEqual(response?.resources, []);
});

test('a refused response is not sent again until something in it changes', () => {
  const { mesh, request, next, nacks } = setup();
  for (const name of ['a', 'b']) mesh.put(testResource(CDS, name, '1'), true);
  request(CDS, []);
  const first = next();
  request(CDS, [], { responseNonce: first?.nonce ?? '', error: { code: 3, message: 'no' } });
  assert.equal(next(), undefined);
  assert.deepEqual([...nacks], ['a', 'b']);
  mesh.put(testResource(CDS, 'b', '2'), true);
  const second = next();
  assert.equal(namesOf(second), 'a=1 b=2');
  request(CDS, [], { responseNonce: second?.nonce ?? '' });
  assert.deepEqual([...nacks], ['a']);
});
