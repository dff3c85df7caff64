/** The simulator against the real Envoy, over random resources: the same routes, the same filter chains, the same shares. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { connect as tlsConnect } from 'node:tls';
import { create } from '@bufbuild/protobuf';
import type { Cluster } from '../../src/envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { type Listener, ListenerSchema } from '../../src/envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { RBACSchema } from '../../src/envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { RouterSchema } from '../../src/envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { TlsInspectorSchema } from '../../src/envoy/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts';
import { ConfigSchema as DirectResponseSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/direct_response/v3/config_pb.ts';
import { HttpConnectionManagerSchema } from '../../src/envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { type Call, formatWalk, type ProxySite, type Walk, walk } from '../../src/simulate/index.ts';
import { httpManager, socket } from '../../src/simulate/testing/sample-resources.ts';
import { Chance } from './chance.ts';
import {
  randomChains,
  randomCluster,
  randomHeaders,
  randomHost,
  randomPath,
  randomRoutes,
} from './random-resources.ts';
import { randomPolicies, randomRedirects } from './random-rules.ts';
import { exchange, freePorts, type RealEnvoy, startEnvoy } from './real-envoy.ts';

const SEED = 20_261_123;
const ROUNDS = 12;
const PROBES = 60;
const BACKENDS = 6;

let envoy: RealEnvoy | undefined;
let listeners: readonly Listener[] = [];
let clusters: readonly Cluster[] = [];
let ports: readonly number[] = [];

const routesPort = (round: number): number => ports[round] ?? 0;
const chainsPort = (round: number): number => ports[ROUNDS + round] ?? 0;
const balancedPort = (round: number): number => ports[2 * ROUNDS + round] ?? 0;
const policiesPort = (round: number): number => ports[3 * ROUNDS + round] ?? 0;
const redirectsPort = (round: number): number => ports[4 * ROUNDS + round] ?? 0;
const backendPort = (index: number): number => ports[5 * ROUNDS + index] ?? 0;

before(async () => {
  ports = await freePorts(5 * ROUNDS + BACKENDS);
  const chance = new Chance(SEED);
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
  const backends = Array.from({ length: BACKENDS }, (_, index) => backendPort(index));
  clusters = rounds.map((round) => randomCluster(chance, `cluster-${round}`, backends));
  listeners = [
    ...rounds.map((round) => randomRoutes(chance, routesPort(round))),
    ...rounds.map((round) => randomChains(chance, chainsPort(round))),
    ...rounds.map((round) => balanced(round)),
    ...rounds.map((round) => randomPolicies(chance, policiesPort(round))),
    ...rounds.map((round) => randomRedirects(chance, redirectsPort(round))),
    ...backends.map(backend),
  ];
  const extensions = [HttpConnectionManagerSchema, RouterSchema, TlsInspectorSchema, DirectResponseSchema, RBACSchema];
  envoy = await startEnvoy({ listeners, clusters, extensions });
});

after(async () => {
  await envoy?.stop();
});

/** A listener that sends everything to the round's cluster. */
function balanced(round: number): Listener {
  const route = {
    match: { pathSpecifier: { case: 'prefix' as const, value: '/' } },
    action: {
      case: 'route' as const,
      value: { clusterSpecifier: { case: 'cluster' as const, value: `cluster-${round}` } },
    },
  };
  const routes = { name: 'balanced', virtualHosts: [{ name: 'all', domains: ['*'], routes: [route] }] };
  return create(ListenerSchema, {
    name: `balanced-${round}`,
    address: socket('127.0.0.1', balancedPort(round)),
    filterChains: [{ filters: [httpManager(routes)] }],
  });
}

/** A listener that answers with its own port. */
function backend(port: number): Listener {
  const body = { specifier: { case: 'inlineString' as const, value: String(port) } };
  const route = {
    match: { pathSpecifier: { case: 'prefix' as const, value: '/' } },
    action: { case: 'directResponse' as const, value: { status: 200, body } },
  };
  const routes = { name: 'backend', virtualHosts: [{ name: 'all', domains: ['*'], routes: [route] }] };
  return create(ListenerSchema, {
    name: `backend-${port}`,
    address: socket('127.0.0.1', port),
    filterChains: [{ filters: [httpManager(routes)] }],
  });
}

function simulate(call: Pick<Call, 'destination' | 'kind' | 'host'> & Partial<Call>): Walk {
  const site: ProxySite = {
    address: '127.0.0.1',
    certificate: () => undefined,
    resources: {
      listeners: () => listeners,
      isPushed: () => true,
      get: (type, name) =>
        (type.endsWith('.Cluster') ? clusters.find((cluster) => cluster.name === name) : undefined) as never,
    },
  };
  const world = { proxy: () => site, connect: () => ({ kind: 'proxy', proxy: 'envoy' }) as const };
  return walk(world, 'envoy', { via: { kind: 'direct' }, ...call });
}

interface Probe {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly address?: string;
  readonly localAddress?: string;
}

/** `200 body`, or `302 location`. */
function ask({ address = '127.0.0.1', ...probe }: Probe): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: address, agent: false, ...probe }, (answer) => {
      let body = '';
      answer.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      answer.on('end', () => resolve(`${answer.statusCode} ${answer.headers.location ?? body}`));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Asks Envoy and the simulator the same, with a random request. */
async function assertSameAnswer(chance: Chance, port: number): Promise<void> {
  const [host, path, headers, method] = [
    randomHost(chance),
    randomPath(chance),
    randomHeaders(chance),
    chance.pick(['GET', 'PUT']),
  ];
  const [address, localAddress] = [chance.pick(['127.0.0.1', '127.0.0.2']), chance.pick(['127.0.0.1', '127.0.0.2'])];
  const authority = chance.pick([host, `${host}:80`, `${host}:8080`]);
  const bound = { address, localAddress };
  const real = await ask({ port, method, path, headers: { host: authority, ...headers }, ...bound });
  const source = { address: localAddress, port: 40_000 };
  const found = simulate({
    kind: 'http',
    destination: { address, port },
    source,
    host: authority,
    path,
    headers,
    method,
  });
  const [outcome] = found.paths.map((each) => each.outcome);
  const simulated = `${outcome?.status} ${outcome?.headers['location'] ?? outcome?.body ?? ''}`;
  assert.equal(
    simulated,
    real,
    `${method} ${authority}${path} ${JSON.stringify({ headers, ...bound })}\n${formatWalk(found)}`,
  );
}

async function assertSameAnswers(seed: number, portOf: (round: number) => number): Promise<void> {
  const chance = new Chance(seed);
  for (let round = 0; round < ROUNDS; round++) {
    for (let probe = 0; probe < PROBES; probe++) await assertSameAnswer(chance, portOf(round));
  }
}

test('hosts, paths, headers and queries lead to the same route', async () => {
  await assertSameAnswers(SEED + 1, routesPort);
});

test('policies let the same requests through', async () => {
  await assertSameAnswers(SEED + 3, policiesPort);
});

test('redirects lead to the same place', async () => {
  await assertSameAnswers(SEED + 4, redirectsPort);
});

/** The first bytes that a TLS client sends. */
function clientHello(servername: string, alpn: readonly string[]): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => {},
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    const options = { socket: wire, rejectUnauthorized: false, ...(servername ? { servername } : {}) };
    tlsConnect(alpn.length > 0 ? { ...options, ALPNProtocols: [...alpn] } : options).on('error', () => {});
  });
}

test('addresses, server names and protocols lead to the same filter chain', async () => {
  const chance = new Chance(SEED + 2);
  for (let round = 0; round < ROUNDS; round++) {
    for (let probe = 0; probe < PROBES / 2; probe++) {
      const destination = { address: chance.pick(['127.0.0.1', '127.0.0.2', '127.0.0.9']), port: chainsPort(round) };
      const source = { address: chance.pick(['127.0.0.1', '127.0.0.2', '127.0.0.8']), port: 40_000 };
      const withTls = chance.below(3) > 0;
      const sni = chance.pick(['', 'a.example', 'b.a.example', 'c.b.a.example', 'x.example', 'other.org']);
      const alpn = chance.pick([[], ['istio'], ['h2', 'istio'], ['http/1.1'], ['smtp']]);
      const bytes = withTls
        ? await clientHello(sni, alpn)
        : new TextEncoder().encode('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      const real = await exchange(
        { host: destination.address, port: destination.port, localAddress: source.address },
        bytes,
      );
      const tls = withTls ? { tls: { sni, alpn } } : {};
      const found = simulate({ kind: 'tcp', destination, source, host: 'a', ...tls });
      const [outcome] = found.paths.map((each) => each.outcome);
      const context = JSON.stringify({ destination, source, ...tls });
      assert.equal(outcome?.body ?? '', real, `${context}\n${formatWalk(found)}`);
    }
  }
});

test('endpoints get the same shares', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const port = balancedPort(round);
    const found = simulate({ kind: 'http', destination: { address: '127.0.0.1', port }, host: 'a' });
    const expected = new Map<string, number>();
    for (const { probability, outcome } of found.paths) {
      const key = `${outcome.status} ${outcome.body}`;
      expected.set(key, (expected.get(key) ?? 0) + probability);
    }
    const calls = 400;
    const counted = new Map<string, number>();
    for (let call = 0; call < calls; call++) {
      const answer = await ask({ port, method: 'GET', path: '/', headers: { host: 'a' } });
      counted.set(answer, (counted.get(answer) ?? 0) + 1 / calls);
    }
    for (const key of new Set([...expected.keys(), ...counted.keys()])) {
      const [real, share] = [counted.get(key) ?? 0, expected.get(key) ?? 0];
      assert.ok(
        Math.abs(real - share) < 0.09,
        `round ${round}: ${key} gets ${real}, simulated ${share}\n${formatWalk(found)}`,
      );
    }
  }
});
