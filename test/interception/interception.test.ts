/**
 * Calls between real pods, as far as network namespaces are that: the kernel redirects them by Istio's rules to real Envoys
 * that our control plane serves.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findEnvoy } from '../../src/proxies/index.ts';
import { istioText } from '../../src/translate/testing/manifests.ts';
import { objectsOf } from '../../src/translate/testing/paper-mesh.ts';
import { noNamespaces } from './pod-network.ts';
import { RedirectedMesh } from './redirected-mesh.ts';

const found = await findEnvoy();
const skip = found.kind === 'missing' ? 'no Envoy: run npm run setup' : (noNamespaces() ?? false);

let mesh: RedirectedMesh;
const address: Record<string, string> = {};

interface Port {
  readonly service: string;
  readonly ip: string;
  readonly pods: readonly string[];
  readonly port: number;
  readonly target: number;
  readonly name: string;
}

const PORTS: readonly Port[] = [
  { service: 'web', ip: '10.96.0.10', pods: ['server'], port: 80, target: 8080, name: 'http' },
  { service: 'found-out', ip: '10.96.0.11', pods: ['server'], port: 81, target: 8081, name: '' },
  { service: 'mysql', ip: '10.96.0.12', pods: ['server'], port: 3306, target: 3306, name: 'tcp' },
  { service: 'echo', ip: '10.96.0.13', pods: ['server'], port: 9000, target: 9000, name: 'tcp' },
  { service: 'secure', ip: '10.96.0.14', pods: ['server'], port: 443, target: 9443, name: 'https' },
  { service: 'refused', ip: '10.96.0.15', pods: ['server'], port: 82, target: 7777, name: 'http' },
  { service: 'own', ip: '10.96.0.16', pods: ['client'], port: 83, target: 8080, name: 'http' },
  { service: 'plain', ip: '10.96.0.17', pods: ['plain'], port: 80, target: 8080, name: 'http' },
  { service: 'half', ip: '10.96.0.18', pods: ['client', 'server'], port: 85, target: 8085, name: 'http' },
  { service: 'unmet', ip: '10.96.0.25', pods: ['server'], port: 86, target: 8080, name: 'http' },
  { service: 'web-six', ip: 'fd96::10', pods: ['server'], port: 87, target: 8080, name: 'http' },
  { service: 'greets-six', ip: 'fd96::11', pods: ['server'], port: 3308, target: 3306, name: 'tcp' },
  { service: 'found-out-h2', ip: '10.96.0.26', pods: ['server'], port: 88, target: 8086, name: '' },
  { service: 'says-grpc', ip: '10.96.0.27', pods: ['server'], port: 89, target: 8086, name: 'grpc' },
  // One port number, three meanings.
  { service: 'web-too', ip: '10.96.0.21', pods: ['server'], port: 9000, target: 8080, name: 'http' },
  { service: 'greets', ip: '10.96.0.22', pods: ['server'], port: 9000, target: 3306, name: 'tcp' },
  { service: 'greets-too', ip: '10.96.0.23', pods: ['plain'], port: 3307, target: 3306, name: 'tcp' },
  { service: 'greets-there', ip: '10.96.0.24', pods: ['server'], port: 3307, target: 3306, name: 'tcp' },
  { service: 'one-by-one', ip: 'None', pods: ['client', 'server'], port: 8080, target: 8080, name: 'http' },
];

function podManifest(name: string, sidecar: boolean): string {
  const labels = `{app: ${name}${sidecar ? ', security.istio.io/tlsMode: istio' : ''}}`;
  return `---
{apiVersion: v1, kind: Pod, metadata: {name: ${name}, namespace: default, labels: ${labels}},
 spec: {serviceAccountName: ${name}, containers: [{name: app}]}, status: {podIP: ${address[name]},
  podIPs: [{ip: ${address[name]}}, {ip: '${mesh.network.address6(address[name] ?? '')}'}]}}
`;
}

function portManifest({ service, ip, pods, port, target, name }: Port): string {
  const six = ip.includes(':');
  const of = (pod: string): string => (six ? mesh.network.address6(address[pod] ?? '') : (address[pod] ?? ''));
  const endpoints = pods.map(
    (pod) => `{addresses: ['${of(pod)}'], targetRef: {kind: Pod, namespace: default, name: ${pod}}}`,
  );
  const selector = pods.length > 1 ? '' : `selector: {app: ${pods[0]}}, `;
  return `---
{apiVersion: v1, kind: Service, metadata: {name: ${service}, namespace: default},
 spec: {clusterIP: '${ip}', ${selector}ports: [{name: "${name}", port: ${port}, targetPort: ${target}}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: ${six ? 'IPv6' : 'IPv4'},
 metadata: {name: ${service}-a, namespace: default, labels: {kubernetes.io/service-name: ${service}}},
 ports: [{name: "${name}", port: ${target}}], endpoints: [${endpoints.join(', ')}]}
`;
}

before(async () => {
  if (skip !== false || found.kind === 'missing') return;
  mesh = new RedirectedMesh(found.path);
  const pods = [
    { name: 'client', address: mesh.network.address(10), sidecar: true },
    { name: 'server', address: mesh.network.address(11), sidecar: true },
    { name: 'plain', address: mesh.network.address(12), sidecar: false },
    { name: 'outside', address: '192.0.2.10', sidecar: false },
  ];
  for (const pod of pods) address[pod.name] = pod.address;
  mesh.source.apply(
    [
      ...pods.filter(({ name }) => name !== 'outside').map(({ name, sidecar }) => podManifest(name, sidecar)),
      ...PORTS.map(portManifest),
    ].join(''),
  );
  await mesh.open(pods);
});

after(async () => {
  if (process.env['SHOW']) process.stderr.write(mesh.network.log.join(''));
  await mesh?.close();
});

interface Echo {
  readonly pod: string;
  readonly port: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly from: string;
}

interface HttpAnswer {
  /** 0 where there was no answer. */
  readonly status: number;
  readonly headers: string;
  readonly echo: Echo | undefined;
}

/** A request to an address with a host of its own choice. */
async function http(pod: string, host: string, to: string, ...args: readonly string[]): Promise<HttpAnswer> {
  const { output } = await mesh.curl(pod, '-i', '-H', `Host: ${host}`, `http://${to}/`, ...args);
  const [headers = '', body = ''] = output.split('\r\n\r\n');
  const status = Number(/^HTTP\/[\d.]+ (\d+)/.exec(headers)?.[1] ?? 0);
  return { status, headers, echo: body.startsWith('{') ? (JSON.parse(body) as Echo) : undefined };
}

/** What a server says that speaks first, or answers to a word. */
async function bytes(pod: string, to: string, word = ''): Promise<string> {
  const script = `exec 3<>/dev/tcp/${to.replace(/:(?=\d+$)/, '/')}; ${word ? `printf ${word} >&3; ` : ''}timeout 6 cat <&3`;
  return (await mesh.network.exec(pod, ['bash', '-c', script])).output.trim();
}

function callerOf(echo: Echo | undefined): string {
  return /URI=([^;,]*)/.exec(echo?.headers['x-forwarded-client-cert'] ?? '')?.[1] ?? '';
}

const CLIENT = 'spiffe://cluster.local/ns/default/sa/client';

/** Sets objects for the time of a test. */
async function having(text: string, check: () => Promise<void>): Promise<void> {
  assert.deepEqual(mesh.source.apply(text, 'having'), []);
  const refs = objectsOf('cluster1', text).map(({ ref }) => ref);
  await mesh.settled();
  try {
    await check();
  } finally {
    mesh.source.delete(...refs);
    await mesh.settled();
  }
}

describe('redirected calls', { skip }, () => {
  test('HTTP by the address of a service: to its pod, with the identity of the caller', async () => {
    const { status, echo, headers } = await http('client', 'web', '10.96.0.10');
    assert.equal(status, 200);
    assert.equal(echo?.pod, 'server');
    assert.equal(callerOf(echo), CLIENT);
    assert.equal(echo?.headers['x-pelagos-destination'], undefined);
    assert.equal(echo?.from.replace('::ffff:', ''), '127.0.0.6');
    assert.doesNotMatch(headers, /x-pelagos-refused/, 'what applications say of themselves is not believed');
  });

  test('a host is a name of the mesh, whatever address it was called at', async () => {
    assert.equal((await http('client', 'web.default.svc.cluster.local', '10.96.0.99')).echo?.pod, 'server');
  });

  test('a host that is an address is the service of that address', async () => {
    assert.equal(callerOf((await http('client', '10.96.0.10', '10.96.0.10')).echo), CLIENT);
  });

  test('a port that does not say what it speaks: HTTP and bytes', async () => {
    const first = await http('client', 'found-out:81', '10.96.0.11:81');
    assert.equal(callerOf(first.echo), CLIENT);
    assert.match(await bytes('client', '10.96.0.11:81', 'GET_/_rubbish\\\\r\\\\n\\\\r\\\\n'), /HTTP\/1.1 400/);
  });

  test('HTTP/2 in the clear, on a port that says so and on one that does not', async () => {
    for (const [host, to] of [
      ['found-out-h2:88', '10.96.0.26:88'],
      ['says-grpc:89', '10.96.0.27:89'],
    ] as const) {
      const { status, echo } = await http('client', host, to, '--http2-prior-knowledge');
      assert.deepEqual([status, echo?.pod, callerOf(echo)], [200, 'server', CLIENT], host);
    }
  });

  test('a server that speaks first', async () => {
    assert.equal(await bytes('client', '10.96.0.12:3306'), 'server speaks first');
    assert.equal(await bytes('client', '10.96.0.13:9000', 'word'), 'server echoes word');
  });

  test("an application's own TLS passes through", async () => {
    const { output } = await mesh.curl('client', '-k', 'https://secure/', '--resolve', 'secure:443:10.96.0.14');
    assert.equal(output, 'server over its own TLS');
  });

  test('the address of a pod: with mTLS, for HTTP and for bytes', async () => {
    assert.equal(
      callerOf((await http('client', `${address['server']}:8080`, `${address['server']}:8080`)).echo),
      CLIENT,
    );
    assert.equal(callerOf((await http('client', 'whoever', `${address['server']}:8081`)).echo), CLIENT);
    assert.equal(await bytes('client', `${address['server']}:3306`), 'server speaks first');
  });

  test('a headless service: the pod that the resolver has chosen', async () => {
    const asked = async (pod: string): Promise<string | undefined> =>
      (await http('client', 'one-by-one:8080', `${address[pod]}:8080`)).echo?.pod;
    assert.deepEqual([await asked('server'), await asked('client')], ['server', 'client']);
  });

  test('a pod that calls itself by its service, and by its own address', async () => {
    assert.equal(callerOf((await http('client', 'own:83', '10.96.0.16:83')).echo), CLIENT);
    assert.equal((await http('client', 'x', `${address['client']}:8080`)).echo?.pod, 'client');
  });

  test('pods without a sidecar, on either side', async () => {
    assert.equal((await http('client', 'plain', '10.96.0.17')).echo?.pod, 'plain');
    const open = await http('plain', 'x', `${address['server']}:8080`);
    assert.deepEqual([open.echo?.pod, callerOf(open.echo)], ['server', '']);
    assert.equal(await bytes('plain', `${address['server']}:3306`), 'server speaks first');
    await having(istioText('PeerAuthentication', 'strict', '{mtls: {mode: STRICT}}', 'istio-system'), async () => {
      assert.equal((await http('plain', 'x', `${address['server']}:8080`)).status, 0);
      assert.equal(await bytes('plain', `${address['server']}:3306`), '');
      assert.equal((await http('client', 'web', '10.96.0.10')).status, 200);
      assert.equal(await bytes('client', '10.96.0.12:3306'), 'server speaks first');
    });
  });

  test('an application that takes no connection: another pod is asked, whatever the method', async () => {
    for (let round = 0; round < 6; round += 1) {
      const { status, echo, headers } = await http('client', 'half:85', '10.96.0.18:85', '-d', 'body');
      assert.deepEqual([status, echo?.pod], [200, 'server']);
      assert.doesNotMatch(headers, /x-pelagos-refused/);
    }
    const { status, headers } = await http('client', 'refused:82', '10.96.0.15:82');
    assert.equal(status, 503);
    assert.doesNotMatch(headers, /x-pelagos-refused/);
  });

  test('outside of the mesh: as it is, or not at all', async () => {
    assert.equal((await http('client', 'www.outside.test', '192.0.2.10:8080')).echo?.pod, 'outside');
    assert.equal((await http('client', 'www.outside.test', '192.0.2.10:8081')).echo?.pod, 'outside');
    assert.equal(await bytes('client', '192.0.2.10:3306'), 'outside speaks first');
    const closed = istioText(
      'Sidecar',
      'default',
      '{egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}',
    );
    await having(closed, async () => {
      assert.equal((await http('client', 'www.outside.test', '192.0.2.10:8080')).status, 502);
      assert.equal((await http('client', 'other.outside.test', '192.0.2.10:8081')).status, 502);
      assert.equal(await bytes('client', '192.0.2.10:3306'), '');
      assert.equal((await http('client', 'web', '10.96.0.10')).status, 200);
    });
  });

  test('one port number, HTTP for one service and a server that speaks first for another', async () => {
    assert.equal((await http('client', 'web-too:9000', '10.96.0.21:9000')).echo?.pod, 'server');
    const begin = Date.now();
    assert.equal(await bytes('client', '10.96.0.22:9000'), 'server speaks first');
    assert.ok(Date.now() - begin < 2_000, 'nobody waits for the first bytes of a client that waits');
  });

  test('a TCP route shares connections out between services', async () => {
    const route = `{hosts: [greets-too], tcp: [{route: [{destination: {host: greets-too}, weight: 50},
      {destination: {host: greets-there}, weight: 50}]}]}`;
    await having(istioText('VirtualService', 'split', route), async () => {
      const answers = new Set<string>();
      for (let round = 0; round < 12; round += 1) answers.add(await bytes('client', '10.96.0.23:3307'));
      assert.deepEqual([...answers].sort(), ['plain speaks first', 'server speaks first']);
    });
  });

  test('TLS by its server name, whatever address is called', async () => {
    const objects =
      istioText(
        'ServiceEntry',
        'secure-outside',
        `{hosts: [secure.outside.test], resolution: STATIC, endpoints: [{address: 192.0.2.10, ports: {tls: 9443}}],
          ports: [{number: 443, name: tls, protocol: TLS}]}`,
      ) +
      istioText(
        'VirtualService',
        'by-name',
        '{hosts: [other.test], tls: [{match: [{port: 443, sniHosts: [other.test]}], route: [{destination: {host: secure, port: {number: 443}}}]}]}',
      );
    await having(objects, async () => {
      const tls = async (host: string, to: string): Promise<string> =>
        (await mesh.curl('client', '-k', `https://${host}/`, '--resolve', `${host}:443:${to}`)).output;
      assert.equal(await tls('secure.outside.test', '203.0.113.9'), 'outside over its own TLS');
      assert.equal(await tls('other.test', '203.0.113.9'), 'server over its own TLS');
      assert.equal(await tls('secure', '10.96.0.14'), 'server over its own TLS');
    });
  });

  test('a workload that takes no mTLS is spoken to in plain text', async () => {
    await having(istioText('PeerAuthentication', 'default', '{mtls: {mode: DISABLE}}'), async () => {
      const { status, echo } = await http('client', 'unmet:86', '10.96.0.25:86');
      assert.deepEqual([status, callerOf(echo)], [200, '']);
      assert.equal(await bytes('client', '10.96.0.12:3306'), 'server speaks first');
      assert.equal(await bytes('plain', `${address['server']}:3306`), 'server speaks first');
    });
  });

  test('IPv6, by the address of a service and by that of a pod', async () => {
    assert.equal(callerOf((await http('client', 'web-six:87', '[fd96::10]:87')).echo), CLIENT);
    assert.equal(callerOf((await http('client', '[fd96::10]:87', '[fd96::10]:87')).echo), CLIENT);
    assert.equal(await bytes('client', 'fd96::11/3308'), 'server speaks first');
    const pod = mesh.network.address6(address['server'] ?? '');
    const { status, echo } = await http('client', 'x', `[${pod}]:8080`);
    assert.deepEqual([status, callerOf(echo), echo?.from], [200, CLIENT, '::6']);
    assert.equal((await http('plain', 'x', `[${pod}]:8080`)).echo?.pod, 'server');
  });

  test('a call to a redirecting port itself is closed, and comes back to nobody', async () => {
    assert.equal((await http('plain', 'x', `${address['server']}:15006`)).status, 0);
    assert.equal((await http('plain', 'x', `${address['server']}:15001`)).status, 0);
    assert.equal((await http('client', 'x', `${address['server']}:15006`)).status, 0);
    assert.equal((await http('client', 'x', '127.0.0.1:15001')).status, 0);
  });

  test('a new port works at once, and nobody else notices', async () => {
    const held = mesh.network.exec('client', [
      'bash',
      '-c',
      'exec 3<>/dev/tcp/10.96.0.13/9000; sleep 3; printf later >&3; timeout 5 cat <&3',
    ]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const port = { service: 'late', ip: '10.96.0.20', pods: ['server'], port: 84, target: 8081, name: 'http' };
    await having(portManifest(port), async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { status, echo } = await http('client', 'late:84', '10.96.0.20:84');
      assert.deepEqual([status, echo?.port, callerOf(echo)], [200, 8081, CLIENT]);
    });
    assert.equal((await held).output, 'server echoes later');
  });
});
