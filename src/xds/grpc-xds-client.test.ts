/**
 * An xDS client that nobody here wrote: gRPC's own, which finds its servers by `xds:///...` over a state-of-the-world
 * stream. Its bootstrap takes the channel credentials `google_default` and `insecure` alone (xds-bootstrap.ts,
 * SUPPORTED_CHANNEL_CREDS_TYPES) and sends no bearer token, so this one test serves xDS in plain text on the loopback.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { AdsServer } from './ads-server.ts';
import { clusterJson, endpointsJson } from './testing/envoy-config.ts';
import { envoyResource } from './testing/envoy-json.ts';
import { eventually } from './testing/envoy-process.ts';
import { GREET_METHOD } from './testing/grpc-xds-greeter.ts';
import { MemoryMesh } from './testing/memory-feed.ts';
import { CDS, EDS, LDS, RDS } from './xds-type.ts';

const HCM = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const closers: (() => void | Promise<void>)[] = [];

after(async () => {
  for (const close of closers.reverse()) await close();
});

function identity(bytes: Buffer): Buffer {
  return bytes;
}

/** A gRPC server that answers with its name. */
async function startGreeter(name: string): Promise<number> {
  const server = new Server();
  const method = {
    path: GREET_METHOD,
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  server.addService(
    { Greet: method },
    { Greet: (_call: unknown, reply: (error: null, answer: Buffer) => void) => reply(null, Buffer.from(name)) },
  );
  closers.push(() => server.forceShutdown());
  return await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error) reject(error);
      else resolve(port);
    });
  });
}

function putGreeter(mesh: MemoryMesh, cluster: string): void {
  const rds = { route_config_name: 'greeter', config_source: { ads: {}, resource_api_version: 'V3' } };
  const router = { name: 'router', typed_config: { '@type': ROUTER } };
  const apiListener = { '@type': HCM, rds, http_filters: [router] };
  mesh.put(envoyResource(LDS, 'greeter.test', { name: 'greeter.test', api_listener: { api_listener: apiListener } }));
  const routes = [{ match: { prefix: '' }, route: { cluster } }];
  const virtualHosts = [{ name: 'greeter', domains: ['*'], routes }];
  mesh.put(envoyResource(RDS, 'greeter', { name: 'greeter', virtual_hosts: virtualHosts }));
}

function putCluster(mesh: MemoryMesh, name: string, port: number): void {
  const endpoints = endpointsJson(name, port) as { endpoints: object[] };
  const locality = { ...endpoints.endpoints[0], locality: { region: 'r' }, load_balancing_weight: 1 };
  mesh.put(envoyResource(EDS, name, { cluster_name: name, endpoints: [locality] } as never));
  mesh.put(envoyResource(CDS, name, clusterJson(name, '1s')));
}

/** @returns a call of the greeter by gRPC's xDS client in a process of its own. */
function startClient(xdsPort: number): () => Promise<string> {
  const bootstrap = {
    node: { id: 'grpc-client', locality: {} },
    xds_servers: [
      { server_uri: `127.0.0.1:${xdsPort}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] },
    ],
  };
  const child = spawn(process.execPath, [fileURLToPath(new URL('./testing/grpc-xds-greeter.ts', import.meta.url))], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  closers.push(async () => {
    child.stdin.end();
    await exited;
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    child.stdin.write('greet\n');
    const answer = await answers.next();
    return answer.done ? 'the client has stopped' : answer.value;
  };
}

test("gRPC's own xDS client finds its servers, and follows a change of route", async () => {
  const mesh = new MemoryMesh();
  putGreeter(mesh, 'blue');
  putCluster(mesh, 'blue', await startGreeter('blue'));
  putCluster(mesh, 'green', await startGreeter('green'));
  const ads = new AdsServer({
    host: '127.0.0.1',
    port: 0,
    tls: 'insecure',
    controlPlane: 'cluster1',
    admit: async ({ node }) => ({
      kind: 'admitted',
      feed: mesh.feed(),
      cluster: 'cluster1',
      namespace: 'default',
      pod: node.id,
    }),
  });
  closers.push(() => ads.close());
  const port = await ads.listen();
  const greet = startClient(port);

  assert.equal(await greet(), 'blue');
  putGreeter(mesh, 'green');
  await eventually(async () => assert.equal(await greet(), 'green'));
  await eventually(() => {
    const types = ads.status()[0]?.types ?? {};
    assert.deepEqual(
      Object.values(types).map(({ state }) => state),
      ['SYNCED', 'SYNCED', 'SYNCED', 'SYNCED'],
    );
  });
  assert.deepEqual(Object.keys(ads.status()[0]?.types ?? {}), ['CDS', 'EDS', 'LDS', 'RDS']);
});
