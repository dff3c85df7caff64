/**
 * The real Envoy on a delta stream over TLS, with a bearer token and no agent. What Envoy 1.40 was seen to send
 * (names in brackets are `resource_names_subscribe`):
 * - CDS [], then EDS [names of EDS clusters] before the ACK of those clusters, then LDS [] once all clusters are warm,
 *   RDS [route configuration], and VHDS [] once, from inside the update of the first route configuration with `vhds`
 *   and before its ACK. A later route configuration makes no VHDS request, and waits until it is sent a virtual host;
 * - on demand: VHDS [`<route configuration>/<host>`] per unknown host, CDS [cluster] per unknown cluster;
 * - a replaced cluster makes no EDS request, and its CDS ACK follows when the endpoints were sent again;
 * - on a new stream: CDS and VHDS [`*`, all names asked for on demand], LDS [], EDS and RDS [names], each with
 *   `initial_resource_versions`, those of wildcard resources and of VHDS answers without a body among them;
 * - a NACK of a cluster or listener lists all refused by name, and the others of the response are in use, but, by
 *   its source (DeltaSubscriptionState), without their versions being kept; a cluster that does not parse or validate refuses the whole response and names nothing.
 */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { AdsServer } from './ads-server.ts';
import type { Nack } from './resource-feed.ts';
import {
  clusterJson,
  endpointsJson,
  listenerJson,
  refusedClusterJson,
  routesJson,
  virtualHostJson,
} from './testing/envoy-config.ts';
import { envoyResource } from './testing/envoy-json.ts';
import { bootstrapOf, eventually, findTestEnvoy, get, TestEnvoy, writeTokenFiles } from './testing/envoy-process.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { createTestAuthority } from './testing/server-certificate.ts';
import { CDS, EDS, LDS, RDS, VHDS } from './xds-type.ts';

const envoyPath = findTestEnvoy();
const skip = envoyPath === undefined ? 'no Envoy found: set PELAGOS_ENVOY or put envoy on the PATH' : false;

const mesh = new MemoryMesh();
const nacks = new Map<string, Nack>();
const tokens: string[] = [];
const authority = createTestAuthority();
let app: Server;
let ads: AdsServer;
let envoy: TestEnvoy;
let xdsPort = 0;
let outboundPort = 0;
let appPort = 0;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function adsServer(port: number): AdsServer {
  return new AdsServer({
    host: '127.0.0.1',
    port,
    tls: authority.issue(),
    controlPlane: 'test',
    admit: async ({ authorization, node }) => {
      tokens.push(authorization ?? '');
      if (!authorization?.startsWith('Bearer token-')) return { kind: 'refused', reason: 'This token is not known.' };
      assert.equal(node.id, 'proxy1');
      return { kind: 'admitted', feed: mesh.feed(), cluster: 'cluster1', namespace: 'default', pod: 'proxy1' };
    },
    onNack: (nack) => nacks.set(nack.resource, nack),
    onRecovered: (nack) => nacks.delete(nack.resource),
  });
}

function stateOf(short: string): string | undefined {
  return ads.status()[0]?.types[short]?.state;
}

function heldOf(short: string): number {
  return ads.status()[0]?.types[short]?.resources ?? 0;
}

function putHost(name: string, cluster?: string): void {
  mesh.put(envoyResource(VHDS, name, virtualHostJson(name, cluster)), cluster === undefined);
}

function putListener(name: string, port: number): void {
  mesh.put(envoyResource(RDS, name, routesJson(name)));
  putHost(`${name}/*`);
  mesh.put(envoyResource(LDS, name, listenerJson(name, port)), true);
}

before(async () => {
  if (envoyPath === undefined) return;
  app = createServer((request, response) => response.end(`hello ${request.headers.host}`));
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appPort = (app.address() as AddressInfo).port;
  outboundPort = await freePort();
  putListener('outbound', outboundPort);
  putHost('outbound/app.test', 'app');
  putHost('outbound/other.test', 'wild');
  for (const name of ['app', 'wild']) {
    mesh.put(envoyResource(CDS, name, clusterJson(name, '1s')), name === 'wild');
    mesh.put(envoyResource(EDS, name, endpointsJson(name, appPort)));
  }
  ads = adsServer(0);
  xdsPort = await ads.listen();
  envoy = await TestEnvoy.prepare();
  const tokenSdsPath = await writeTokenFiles(envoy.folder, 'token-1');
  envoy.start(
    envoyPath,
    bootstrapOf({
      nodeId: 'proxy1',
      xdsPort,
      trustedCaPem: authority.rootPem,
      tokenSdsPath,
      tokenFolder: envoy.folder,
      adminSocket: envoy.adminSocket,
    }),
  );
});

after(async () => {
  if (envoyPath === undefined) return;
  await ads.close();
  await envoy.stop();
  await new Promise((resolve) => app.close(resolve));
  assert.equal(mesh.openQueries, 0);
});

async function expectBody(port: number, host: string): Promise<void> {
  const answer = await get({ port, host });
  assert.deepEqual(answer, { status: 200, body: `hello ${host}` });
}

test('an Envoy with a token gets its listener, and hosts and clusters on demand', { skip }, async () => {
  try {
    await eventually(() => expectBody(outboundPort, 'app.test'));
  } catch (error) {
    throw new Error(`${String(error)}\n${envoy.log}`);
  }
  assert.equal(tokens[0], 'Bearer token-1');
  await expectBody(outboundPort, 'other.test');
  await eventually(() =>
    assert.deepEqual(
      Object.entries(ads.status()[0]?.types ?? {}).map(([short, { state, resources }]) => [short, state, resources]),
      [
        ['CDS', 'SYNCED', 2],
        ['EDS', 'SYNCED', 2],
        ['LDS', 'SYNCED', 1],
        ['RDS', 'SYNCED', 1],
        ['VHDS', 'SYNCED', 3],
      ],
    ),
  );
});

test('a host that does not exist is answered with 404 at once', { skip }, async () => {
  const startedAtMs = Date.now();
  assert.equal((await get({ port: outboundPort, host: 'nobody.test' })).status, 404);
  assert.ok(Date.now() - startedAtMs < 1_000, 'Envoy waited for a host that does not exist');
});

test('a host whose cluster does not exist is answered with 503 at once, and works once there is one', {
  skip,
}, async () => {
  putHost('outbound/late.test', 'late');
  const startedAtMs = Date.now();
  assert.equal((await get({ port: outboundPort, host: 'late.test' })).status, 503);
  assert.ok(Date.now() - startedAtMs < 1_000, 'Envoy waited for a cluster that does not exist');
  mesh.put(envoyResource(EDS, 'late', endpointsJson('late', appPort)));
  mesh.put(envoyResource(CDS, 'late', clusterJson('late', '1s')));
  await eventually(() => expectBody(outboundPort, 'late.test'));
});

test('a changed cluster is taken, with its unchanged endpoints, well before Envoy would stop waiting', {
  skip,
}, async () => {
  mesh.put(envoyResource(CDS, 'app', clusterJson('app', '2s')));
  await eventually(async () => assert.match(await clusterDump('app'), /"connect_timeout": "2s"/), 3_000);
  await expectBody(outboundPort, 'app.test');
});

test('a second listener with hosts on demand comes up, although Envoy asks for its hosts with no request', {
  skip,
}, async () => {
  const hostsBefore = heldOf('VHDS');
  const port = await freePort();
  putHost('second/*');
  await eventually(() => assert.deepEqual([stateOf('VHDS'), heldOf('VHDS')], ['SYNCED', hostsBefore + 1]), 3_000);
  putListener('second', port);
  putHost('second/app.test', 'app');
  await eventually(() => expectBody(port, 'app.test'), 5_000);
});

test('a cluster that Envoy refuses leaves the working one in place, until it is mended', { skip }, async () => {
  mesh.put(envoyResource(CDS, 'app', refusedClusterJson('app')));
  mesh.put(envoyResource(CDS, 'fine', clusterJson('fine', '1s')), true);
  await eventually(() => assert.match(nacks.get('app')?.message ?? '', /LOGICAL_DNS/), 5_000);
  assert.equal(nacks.get('app')?.proxy, 'proxy1');
  assert.equal(nacks.get('app')?.origins[0]?.name, 'app');
  assert.equal(stateOf('CDS'), 'NACKED');
  await expectBody(outboundPort, 'app.test');
  await eventually(async () => assert.match(await clusterDump('fine'), /"name": "fine"/), 3_000);

  mesh.put(envoyResource(CDS, 'app', clusterJson('app', '3s')));
  await eventually(() => assert.equal(nacks.size, 0), 5_000);
  await eventually(() => assert.equal(stateOf('CDS'), 'SYNCED'), 5_000);
  await expectBody(outboundPort, 'app.test');
});

test('several refused clusters and listeners of one response are told apart from the good ones', { skip }, async () => {
  for (const name of ['bad1', 'bad2']) mesh.put(envoyResource(CDS, name, refusedClusterJson(name)), true);
  mesh.put(envoyResource(CDS, 'bad', clusterJson('bad', '1s')), true);
  for (const name of ['bad-a', 'bad-b']) mesh.put(envoyResource(LDS, name, listenerJson(name, outboundPort)), true);
  putListener('bad-', await freePort());
  await eventually(() => assert.deepEqual([...nacks.keys()].sort(), ['bad-a', 'bad-b', 'bad1', 'bad2']), 5_000);
  await eventually(async () => assert.match(await clusterDump('bad'), /"name": "bad"/), 3_000);
  for (const name of ['bad1', 'bad2', 'bad']) mesh.remove(CDS.url, name);
  for (const name of ['bad-a', 'bad-b', 'bad-']) mesh.remove(LDS.url, name);
  await eventually(() => assert.equal(nacks.size, 0), 5_000);
  await eventually(() => assert.equal(stateOf('CDS'), 'SYNCED'), 5_000);
});

test('of a response that Envoy refuses whole, the culprit is found and the others are taken', { skip }, async () => {
  const invalid = { ...(clusterJson('app', '3s') as object), connect_timeout: '-1s' };
  mesh.put(envoyResource(CDS, 'app', invalid));
  for (const name of ['fine1', 'fine2', 'fine3']) {
    mesh.put(envoyResource(EDS, name, endpointsJson(name, appPort)));
    mesh.put(envoyResource(CDS, name, clusterJson(name, '1s')), true);
  }
  await eventually(() => assert.deepEqual([...nacks.keys()], ['app']), 5_000);
  await eventually(async () => assert.match(await clusterDump('fine3'), /"name": "fine3"/), 5_000);
  mesh.put(envoyResource(CDS, 'app', clusterJson('app', '3s')));
  await eventually(() => assert.equal(stateOf('CDS'), 'SYNCED'), 5_000);
  assert.equal(nacks.size, 0);
});

test('an Envoy that comes back says what it has, and is sent only the difference', { skip }, async () => {
  await eventually(() => assert.equal(stateOf('VHDS'), 'SYNCED'), 5_000);
  await ads.close();
  await writeTokenFiles(envoy.folder, 'token-2');
  await expectBody(outboundPort, 'app.test');
  mesh.put(envoyResource(CDS, 'app', clusterJson('app', '4s')));
  mesh.remove(CDS.url, 'fine1');
  tokens.length = 0;
  ads = adsServer(xdsPort);
  await ads.listen();
  await eventually(async () => assert.match(await clusterDump('app'), /"connect_timeout": "4s"/));
  await eventually(async () => assert.doesNotMatch(await clusterDump('fine1'), /"name": "fine1"/), 5_000);
  await eventually(() => assert.equal(stateOf('CDS'), 'SYNCED'), 5_000);
  assert.deepEqual(tokens, ['Bearer token-2']);
  const pushes = Object.fromEntries(Object.entries(ads.counters.types).map(([short, { pushes }]) => [short, pushes]));
  assert.equal(pushes['LDS'], 0);
  assert.equal(pushes['RDS'], 0);
  await expectBody(outboundPort, 'app.test');
});

async function clusterDump(name: string): Promise<string> {
  return await envoy.admin(`/config_dump?resource=dynamic_active_clusters&name_regex=^${name}$`);
}
