/** Where calls of pods go. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EAST } from '../../harness/two-regions.ts';
import { istio } from './manifests.ts';
import { BY_CLIENT, CLIENT, PLAIN, type PodLab, SERVER_POD } from './pod-lab.ts';

export function interceptionTests(get: () => PodLab): void {
  describe('interception', () => {
    for (const [what, url] of [
      ['a service', 'http://web/'],
      ['any port of it', 'http://web:18080/'],
      ['a port that does not say what it speaks', 'http://found-out:7070/'],
      ['a port number that another service speaks TCP on', 'http://shared-http:9000/'],
      ['a service by its full name', 'http://web.shop.svc.cluster.local/'],
      ['a service by its cluster', `http://web.${EAST}/`],
      ['a service by namespace and cluster', `http://web.shop.${EAST}/`],
    ] as const) {
      test(`HTTP to ${what}`, async () => {
        const { status, app } = await get().calls.http(CLIENT, url);
        assert.deepEqual([status, app?.pod.startsWith('server-'), app?.caller], [200, true, BY_CLIENT]);
      });
    }

    test('a service of another namespace, with a sidecar and without', async () => {
      assert.equal((await get().calls.http(CLIENT, 'http://new.revised/')).app?.caller, BY_CLIENT);
      assert.equal((await get().calls.http(CLIENT, 'http://plain.legacy/')).app?.caller, '');
      assert.match(await get().calls.bytes(CLIENT, 'plain.legacy', 3306), /^plain-.* speaks first$/);
    });

    test('a server that speaks first, alone on its port number and where others speak HTTP', async () => {
      assert.match(await get().calls.bytes(CLIENT, 'greets', 5000), /^server-.* speaks first$/);
      assert.match(await get().calls.bytes(CLIENT, 'shared-tcp', 9000), /^server-.* speaks first$/);
      assert.match(await get().calls.bytes(CLIENT, 'echoes', 5001, 'word'), /^server-.* echoes word$/);
    });
    protocolTests(get);
    ruleTests(get);
  });
  probeTest(get);
}

/** What is said over a connection, and to which address. */
function protocolTests(get: () => PodLab): void {
  test("an application's own TLS passes through", async () => {
    assert.match((await get().calls.http(CLIENT, 'https://secure/', '-k')).body, /^server-.* over its own TLS$/);
  });

  test('gRPC, HTTP/2 in the clear, and WebSockets', async () => {
    const h2 = await get().calls.http(CLIENT, 'http://speaks-grpc:50051/', '--http2-prior-knowledge');
    assert.match(h2.body, /"version":"2.0"/);
    const grpc = [
      '-H',
      'content-type: application/grpc',
      '-H',
      'te: trailers',
      '-X',
      'POST',
      '-i',
      '-o',
      '/dev/stdout',
    ];
    const health = 'http://speaks-grpc:50051/grpc.health.v1.Health/Check';
    assert.match((await get().calls.http(CLIENT, health, '--http2-prior-knowledge', ...grpc)).body, /grpc-status: 0/);
    const upgrade = ['-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket', '-H', 'Sec-WebSocket-Version: 13'];
    const { body } = await get().calls.http(CLIENT, 'http://web/', '--http1.1', '-i', '--output', '-', ...upgrade);
    assert.match(body, /^HTTP\/1.1 101 [\s\S]*server-.* greets/);
  });

  test('the address of a pod, in mTLS', async () => {
    const { podIP } = (await get().podOf('shop', 'server')).status;
    assert.equal((await get().calls.http(CLIENT, `http://${podIP}:8080/`)).app?.caller, BY_CLIENT);
    assert.match(await get().calls.bytes(CLIENT, podIP, 3306), /^server-.* speaks first$/);
  });

  test('a headless service, and one pod of it by its name', async () => {
    for (const name of ['set-0', 'set-1'])
      for (const host of [`${name}.set`, `${name}.set.shop.svc.cluster.local`, `${name}.set.shop.${EAST}`]) {
        const { app } = await get().calls.http(CLIENT, `http://${host}:8080/`);
        assert.deepEqual([app?.pod, app?.caller], [name, BY_CLIENT], host);
      }
    assert.match((await get().calls.http(CLIENT, 'http://set:8080/')).app?.pod ?? '', /^set-[01]$/);
  });

  test('a pod that calls itself, by its service, by its address and over the loopback', async () => {
    const self = 'spiffe://cluster.local/ns/shop/sa/server';
    assert.equal((await get().calls.http(SERVER_POD, 'http://web/')).app?.caller, self);
    const { podIP } = (await get().podOf('shop', 'server')).status;
    for (const host of [podIP, '127.0.0.1', 'localhost'])
      assert.match((await get().calls.http(SERVER_POD, `http://${host}:8080/`)).app?.pod ?? '', /^server-/, host);
  });

  test('outside of the mesh: let through', async () => {
    for (const url of get().outsideUrls) assert.equal((await get().calls.http(CLIENT, url)).body, 'outside');
  });
}

/** Who may call what. */
function ruleTests(get: () => PodLab): void {
  test('callers without a sidecar: as they are under PERMISSIVE, refused under STRICT', async () => {
    const plain = await get().calls.http(PLAIN, 'http://web.shop/');
    assert.deepEqual([plain.status, plain.app?.caller], [200, '']);
    assert.match(await get().calls.bytes(PLAIN, 'greets.shop', 5000), /speaks first$/);
    await get().apply(istio('PeerAuthentication', 'istio-system', 'default', { mtls: { mode: 'STRICT' } }));
    await get().lab.eventually('plain text is refused', async () => {
      assert.equal((await get().calls.http(PLAIN, 'http://web.shop/')).status, 0);
      assert.equal(await get().calls.bytes(PLAIN, 'greets.shop', 5000), '');
    });
    assert.equal((await get().calls.http(CLIENT, 'http://web/')).status, 200);
    assert.match(await get().calls.bytes(CLIENT, 'greets', 5000), /speaks first$/);
    assert.equal((await get().calls.http(CLIENT, 'http://plain.legacy/')).status, 200);
  });

  test('a port that is left out of the proxy is reached in plain text, STRICT or not', async () => {
    const { podIP } = (await get().podOf('shop', 'apart')).status;
    assert.equal((await get().calls.http(PLAIN, `http://${podIP}:8081/`)).status, 200);
    assert.equal((await get().calls.http(PLAIN, `http://${podIP}:8080/`)).status, 0);
  });

  test('anybody may read the numbers of a proxy, and nobody of its pod may command it', async () => {
    const { podIP } = (await get().podOf('shop', 'server')).status;
    assert.match((await get().calls.http(PLAIN, `http://${podIP}:15090/stats/prometheus`)).body, /^envoy_cluster_/m);
    assert.equal((await get().calls.http(SERVER_POD, 'http://127.0.0.1:15000/')).status, 0);
    for (const port of [15000, 15001, 15006])
      assert.equal((await get().calls.http(PLAIN, `http://${podIP}:${port}/`)).status, 0, String(port));
  });

  test('who may call is said by port', async () => {
    const rules = [{ to: [{ operation: { ports: ['8081', '3307'] } }] }];
    const selector = { matchLabels: { app: 'server' } };
    const deny = istio('AuthorizationPolicy', 'shop', 'by-port', { selector, action: 'DENY', rules });
    await get().apply(deny);
    await get().lab.eventually('two ports are closed', async () => {
      assert.equal((await get().calls.http(CLIENT, 'http://found-out:7070/')).status, 403);
      assert.equal(await get().calls.bytes(CLIENT, 'echoes', 5001, 'word'), '');
    });
    assert.equal((await get().calls.http(CLIENT, 'http://web/')).status, 200);
    await get().kubectl('delete', 'authorizationpolicy', '-n', 'shop', 'by-port');
  });
}

function probeTest(get: () => PodLab): void {
  test('probes by HTTP, TCP, gRPC and command work under STRICT, and see an application that is unwell', async () => {
    for (const app of ['server', 'by-command', 'unwell'])
      await get().kubectl('wait', '-n', 'shop', '--for=condition=Ready', 'pod', '-l', `app=${app}`, '--timeout=30s');
    for (const workload of ['unwell', 'by-command']) {
      await get().calls.exec(`shop/deployment/${workload}`, 'curl', '-sS', 'http://127.0.0.1:8080/fail');
      await get().kubectl(
        'wait',
        '-n',
        'shop',
        '--for=condition=Ready=false',
        'pod',
        '-l',
        `app=${workload}`,
        '--timeout=30s',
      );
    }
    const restarts = 'jsonpath={.items[*].status.containerStatuses[*].restartCount}';
    assert.equal(
      await get().kubectl('get', 'pods', '-n', 'shop', '-l', 'app in (server,unwell)', '-o', restarts),
      '0 0',
    );
  });
}
