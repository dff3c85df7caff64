import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ABSENT } from './batch.ts';
import type { DeltaResponse } from './discovery-message.ts';
import { createTestServer, DeltaClient } from './testing/delta-client.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { testResource } from './testing/test-resource.ts';
import { CDS, EDS, LDS, RDS, VHDS, type XdsType } from './xds-type.ts';

const TYPES: readonly XdsType[] = [CDS, EDS, LDS, RDS, VHDS];
/** More messages than any of these short histories needs: beyond, something is sent for ever. */
const MANY = 2_000;

type Step =
  | {
      readonly kind: 'put';
      readonly type: string;
      readonly name: string;
      readonly version: number;
      readonly wild: boolean;
    }
  | { readonly kind: 'remove'; readonly type: string; readonly name: string }
  | { readonly kind: 'request'; readonly type: string; readonly subscribe: string[]; readonly unsubscribe: string[] }
  | { readonly kind: 'turn' | 'answer' | 'reconnect' | 'wait' };

const type = fc.constantFrom('CDS', 'EDS', 'LDS', 'RDS', 'VHDS');
const name = fc.constantFrom('a', 'b', 'c', 'a/x', 'b/x');
const asked = fc.array(fc.oneof({ weight: 4, arbitrary: name }, { weight: 1, arbitrary: fc.constant('*') }), {
  maxLength: 3,
});
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('put' as const), type, name, version: fc.nat(6), wild: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), type, name }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('request' as const), type, subscribe: asked, unsubscribe: asked }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('answer' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reconnect' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('wait' as const) }) },
);

function typeOf(short: string): XdsType {
  return TYPES.find((type) => type.short === short) ?? CDS;
}

/** Every proxy of these histories refuses this version. */
function isBad(version: string): boolean {
  return version === '6';
}

interface History {
  readonly server: ReturnType<typeof createTestServer>;
  readonly mesh: MemoryMesh;
  readonly shareKey: string | undefined;
  /** Does the proxy's refusal name the culprit? */
  readonly names: boolean;
  client: DeltaClient;
}

function refusalOf(history: History, response: DeltaResponse): string | undefined {
  const bad = response.items.find((item) => item.kind === 'resource' && isBad(item.resource.version));
  if (bad?.kind !== 'resource') return undefined;
  return history.names ? `cannot take '${bad.resource.name}'` : 'something is wrong';
}

function answer(history: History): boolean {
  const [response] = history.client.inbox;
  if (!response) return false;
  const refusal = refusalOf(history, response);
  if (refusal === undefined) history.client.ack();
  else history.client.nack(refusal);
  return true;
}

/** The proxy comes back and says what it wants and has; what was on its way is lost. */
function reconnect(history: History): void {
  const before = history.client;
  before.stream.close();
  history.client = new DeltaClient(history.server, history.mesh.feed(history.shareKey), before.held);
  for (const type of TYPES) {
    const names = before.subscribed.get(type.url);
    if (!names || names.size === 0) continue;
    const initialVersions = new Map(before.heldOf(type));
    history.client.request(type, { subscribe: [...names], initialVersions });
  }
}

function run(history: History, step: Step): void {
  const { client, mesh, server } = history;
  if (step.kind === 'put') mesh.put(testResource(typeOf(step.type), step.name, String(step.version)), step.wild);
  else if (step.kind === 'remove') mesh.remove(typeOf(step.type).url, step.name);
  else if (step.kind === 'request') {
    const unsubscribe = step.unsubscribe.filter((name) => !step.subscribe.includes(name));
    client.request(typeOf(step.type), { subscribe: step.subscribe, unsubscribe });
  } else if (step.kind === 'answer') answer(history);
  else if (step.kind === 'reconnect') reconnect(history);
  else if (step.kind === 'wait') server.clock.advance(server.limits.orderTimeoutMs);
  server.clock[step.kind === 'turn' ? 'turn' : 'nowMs']();
  const onTheWay = history.client.inbox.map((response) => response.typeUrl);
  assert.equal(new Set(onTheWay).size, onTheWay.length, 'two responses of one type are on their way');
}

function settle(history: History): void {
  for (let count = 0; count < MANY; count += 1) {
    history.server.clock.turn();
    if (!answer(history)) return;
  }
  assert.fail('the stream never comes to rest');
}

function checkType(history: History, type: XdsType): void {
  const { client, mesh, server } = history;
  const subscribed = client.subscribedTo(type);
  const wild = subscribed.has('*') ? mesh.wildNames(type.url) : [];
  const names = new Set([...wild, ...subscribed]);
  names.delete('*');
  const held = new Map(client.heldOf(type));
  for (const name of names) {
    const current = mesh.get(type.url, name);
    const has = held.get(name);
    held.delete(name);
    const what = `${type.short} ${name}: ${has} held, ${current?.version} in the mesh`;
    const nacked = [...server.nacks.values()].some((nack) => nack.type === type.url && nack.resource === name);
    if (!current) {
      assert.ok(has === undefined || has === ABSENT, what);
      if (subscribed.has(name)) assert.ok(has === ABSENT || client.missingOf(type).has(name), `${what}, never told`);
    } else if (isBad(current.version)) assert.ok(!isBad(has ?? ''), what);
    else if (type === VHDS && !subscribed.has(name))
      assert.ok(has === current.version || !routeTaken(client, name), what);
    else assert.equal(has, current.version, what);
    const bad = current !== undefined && isBad(current.version);
    assert.ok(nacked === bad || !wasSent(client, type, name), `${what}, refused: ${nacked}`);
  }
  assert.deepEqual(
    [...held].filter(([, version]) => version !== ABSENT),
    [],
    `${type.short}: held and not in the mesh`,
  );
}

/** A virtual host that nobody asked for is held back while its route configuration is asked for and not there. */
function routeTaken(client: DeltaClient, name: string): boolean {
  const route = name.slice(0, Math.max(0, name.lastIndexOf('/')));
  return !client.subscribedTo(RDS).has(route) || client.heldOf(RDS).has(route);
}

function wasSent(client: DeltaClient, type: XdsType, name: string): boolean {
  return type !== VHDS || client.subscribedTo(type).has(name) || routeTaken(client, name);
}

test('a delta stream applied in order is the state of the world', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 5, maxLength: 80, size: 'max' }),
      fc.boolean(),
      fc.boolean(),
      (steps, names, shared) => {
        const server = createTestServer({ responseBytes: 12 });
        const mesh = new MemoryMesh();
        const shareKey = shared ? 'all' : undefined;
        const history: History = {
          server,
          mesh,
          shareKey,
          names,
          client: new DeltaClient(server, mesh.feed(shareKey)),
        };
        for (const step of steps) run(history, step);
        settle(history);
        for (const type of TYPES) checkType(history, type);
        history.client.stream.close();
        assert.equal(mesh.openQueries, 0);
        assert.equal(server.nacks.size, 0);
        for (const counters of Object.values(server.counters.types)) assert.equal(counters.subscriptions, 0);
      },
    ),
    { numRuns: 2_000 },
  );
});
