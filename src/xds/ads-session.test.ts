import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromJson, type JsonValue, toBinary } from '@bufbuild/protobuf';
import { AdsSession } from './ads-session.ts';
import type { StreamEnd } from './stream-channel.ts';
import { createTestServer } from './testing/delta-client.ts';
import { messageNamed } from './testing/envoy-json.ts';
import type { ManualClock } from './testing/manual-clock.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS } from './xds-type.ts';

const DAY_MS = 86_400_000;

interface Opened {
  readonly session: AdsSession;
  readonly clock: ManualClock;
  readonly mesh: MemoryMesh;
  /** How the server ended the stream, if it did. */
  readonly ends: readonly { readonly code: StreamEnd; readonly reason: string }[];
  readonly sent: readonly Buffer[];
  readonly progress: () => number;
}

function request(json: JsonValue): Buffer {
  const message = messageNamed('envoy.service.discovery.v3.DeltaDiscoveryRequest');
  return Buffer.from(toBinary(message, fromJson(message, json)));
}

/** A stream whose proxy was let in with a proof that is good for so long, and has asked for its clusters. */
async function open(expiresInMs: number | undefined): Promise<Opened> {
  const { clock, ...shared } = createTestServer();
  const mesh = new MemoryMesh();
  mesh.put(testResource(CDS, 'a', '1'), true);
  const ends: { code: StreamEnd; reason: string }[] = [];
  const sent: Buffer[] = [];
  let progress = 0;
  const session = new AdsSession({
    ...shared,
    clock,
    protocol: 'delta',
    controlPlane: 'test',
    listener: { onNack: () => undefined, onRecovered: () => undefined },
    channel: {
      authorization: 'Bearer good',
      send: (message) => sent.push(message),
      pause: () => undefined,
      resume: () => undefined,
      fail: (code, reason) => ends.push({ code, reason }),
    },
    admit: async ({ node }) => ({
      kind: 'admitted',
      feed: mesh.feed(),
      ...{ cluster: 'cluster1', namespace: 'default', pod: node.id },
      ...(expiresInMs === undefined ? {} : { expiresAtMs: clock.nowMs() + expiresInMs }),
    }),
    onAdmitted: () => undefined,
    onRefused: () => undefined,
    onProgress: () => (progress += 1),
  });
  session.receive(request({ node: { id: 'proxy1' }, typeUrl: CDS.url }));
  await new Promise((resolve) => setImmediate(resolve));
  clock.turn();
  assert.equal(sent.length, 1);
  return { session, clock, mesh, ends, sent, progress: () => progress };
}

test('a stream ends when the token that opened it expires, not before', async () => {
  const { session, clock, mesh, ends } = await open(60_000);
  clock.advance(59_999);
  assert.equal(ends.length, 0);
  clock.advance(1);
  assert.equal(ends.length, 1);
  assert.equal(ends[0]?.code, 'UNAUTHENTICATED');
  assert.match(ends[0]?.reason ?? '', /token .* has expired: come back with a new one/);
  assert.equal(mesh.openQueries, 0);
  session.close();
  clock.advance(DAY_MS);
  assert.equal(ends.length, 1);
});

test('a token that was taken at its very end opens a stream that ends at once', async () => {
  const { clock, ends } = await open(-5_000);
  clock.advance(0);
  assert.deepEqual(
    ends.map(({ code }) => code),
    ['UNAUTHENTICATED'],
  );
});

test('a token may last longer than timers do', async () => {
  const { clock, ends } = await open(60 * DAY_MS);
  for (let day = 0; day < 59; day += 1) clock.advance(DAY_MS);
  assert.deepEqual(ends, []);
  clock.advance(DAY_MS);
  assert.equal(ends.length, 1);
});

test('without an end of its proof a stream goes on, and one that was closed is not ended again', async () => {
  const endless = await open(undefined);
  endless.clock.advance(400 * DAY_MS);
  assert.deepEqual(endless.ends, []);
  const closed = await open(60_000);
  closed.session.close();
  closed.clock.advance(DAY_MS);
  assert.deepEqual(closed.ends, []);
});

test('every change of the state is followed by a word of progress', async () => {
  const { session, clock, mesh, progress } = await open(undefined);
  const stateOf = (): string | undefined => session.status?.types['CDS']?.state;
  assert.equal(stateOf(), 'STALE');
  const change = (): void => {
    mesh.put(testResource(CDS, 'a', '2'), true);
    clock.turn();
  };
  const steps: readonly [() => void, string][] = [
    [() => session.receive(request({ typeUrl: CDS.url, responseNonce: '1' })), 'SYNCED'],
    [change, 'STALE'],
    [
      () =>
        session.receive(request({ typeUrl: CDS.url, responseNonce: '2', errorDetail: { code: 13, message: 'no' } })),
      'NACKED',
    ],
  ];
  for (const [step, state] of steps) {
    const before = progress();
    step();
    assert.equal(stateOf(), state);
    assert.ok(progress() > before, state);
  }
  const before = progress();
  session.close();
  assert.ok(progress() > before);
});
