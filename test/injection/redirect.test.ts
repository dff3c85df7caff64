/** The rules of redirection with real connections: who ends up at which port of the proxy. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '../../src/proxies/index.ts';
import { containerOf, PodNamespace, withoutNamespaces } from './pod-namespace.ts';
import { appPod, injected } from './pods.ts';

const skip = withoutNamespaces();

/** Each port says its own number, on every address of the pod; the proxy's ports are the proxy's. */
const server = (ports: readonly number[]): string => `
for (const port of ${JSON.stringify(ports)}) {
  require('node:http').createServer((q, s) => s.end(port + ' from ' + q.socket.remoteAddress + '\\n')).listen(port, '::');
}`;

/** Asks a port and prints what answers. `--interface` chooses the caller's own address. */
const ask = (url: string, more = ''): string => `curl -s -m 1 ${more} ${url} || echo none`;
const OUTSIDE = 'http://203.0.113.7';

async function podWith(pod: Pod): Promise<PodNamespace> {
  const namespace = new PodNamespace();
  await namespace.create({ node: process.execPath });
  await namespace.init(pod);
  namespace.start(['/run/node', '-e', server([15001, 15006, 15021, 15090, 15000])], { uid: 1337 });
  namespace.start(['/run/node', '-e', server([8080, 9090])], { uid: 1000 });
  for (const port of [9090, 15000]) {
    for (let tries = 0; (await namespace.must(ask(`http://127.0.0.1:${port}`))) === 'none\n'; tries++) {
      if (tries > 100) throw new Error(`the server on ${port} did not start`);
      await sleep(50);
    }
  }
  return namespace;
}

let pod: PodNamespace;

before(async () => {
  if (!skip) pod = await podWith(injected(appPod()));
});

after(() => pod?.remove());

/** From the machine, as a node or another pod. */
async function fromOutside(namespace: PodNamespace, port: number): Promise<string> {
  try {
    const response = await fetch(`http://${namespace.address}:${port}`, { signal: AbortSignal.timeout(1_000) });
    return (await response.text()).split(' ')[0] ?? '';
  } catch {
    return 'none';
  }
}

async function portOf(namespace: PodNamespace, url: string, { uid = 1000, more = '' } = {}): Promise<string> {
  return (await namespace.must(ask(url, more), { uid })).trim().split(' ')[0] ?? '';
}

test('what comes in goes to the inbound listener, but for health and statistics', { skip }, async () => {
  assert.equal(await fromOutside(pod, 8080), '15006');
  assert.equal(await fromOutside(pod, 12345), '15006');
  assert.equal(await fromOutside(pod, 15000), '15006');
  assert.equal(await fromOutside(pod, 15021), '15021');
  assert.equal(await fromOutside(pod, 15090), '15090');
});

test('what the application calls goes to the outbound listener, root too', { skip }, async () => {
  assert.equal(await portOf(pod, `${OUTSIDE}:80`), '15001');
  assert.equal(await portOf(pod, `${OUTSIDE}:80`, { uid: 0 }), '15001');
  assert.equal(await portOf(pod, `http://${pod.host}:8080`), '15001');
});

test('the application reaches itself over the loopback, and by its address', { skip }, async () => {
  assert.equal(await portOf(pod, 'http://127.0.0.1:8080'), '8080');
  assert.equal(await portOf(pod, `http://${pod.address}:8080`), '8080');
});

test('the proxy reaches others and the application; a call to the pod itself comes in like any other', {
  skip,
}, async () => {
  assert.equal(await portOf(pod, `${OUTSIDE}:80`, { uid: 1337 }), 'none');
  assert.equal(await portOf(pod, 'http://127.0.0.1:8080', { uid: 1337 }), '8080');
  assert.equal(await portOf(pod, `http://${pod.address}:8080`, { uid: 1337 }), '15006');
  const passed = await pod.must(ask(`http://${pod.address}:8080`, '--interface 127.0.0.6'), { uid: 1337 });
  assert.equal(passed, '8080 from ::ffff:127.0.0.6\n');
});

test('only the proxy and root command the proxy', { skip }, async () => {
  assert.equal(await portOf(pod, 'http://127.0.0.1:15000', { uid: 1337 }), '15000');
  assert.equal(await portOf(pod, 'http://127.0.0.1:15000', { uid: 0 }), '15000');
  assert.equal(await portOf(pod, 'http://127.0.0.1:15000', { uid: 1000 }), 'none');
});

test('the init container may run again', { skip }, async () => {
  await pod.init(injected(appPod()));
  assert.equal(await fromOutside(pod, 8080), '15006');
  assert.equal(await portOf(pod, `${OUTSIDE}:80`), '15001');
});

test('annotations leave out ports and ranges, or take in only some', { skip }, async (t) => {
  const annotations = {
    'traffic.sidecar.istio.io/includeOutboundIPRanges': '203.0.113.0/24',
    'traffic.sidecar.istio.io/excludeOutboundIPRanges': '203.0.113.128/25',
    'traffic.sidecar.istio.io/excludeOutboundPorts': '81',
    'traffic.sidecar.istio.io/includeOutboundPorts': '8888',
    'traffic.sidecar.istio.io/includeInboundPorts': '8080,15021',
  };
  const chosen = await podWith(injected(appPod({ annotations })));
  t.after(() => chosen.remove());
  assert.equal(await portOf(chosen, 'http://203.0.113.7:80'), '15001');
  assert.equal(await portOf(chosen, 'http://203.0.113.7:81'), 'none');
  assert.equal(await portOf(chosen, 'http://203.0.113.200:80'), 'none');
  assert.equal(await portOf(chosen, 'http://198.51.100.7:80'), 'none');
  assert.equal(await portOf(chosen, 'http://198.51.100.7:8888'), '15001');
  assert.equal(await fromOutside(chosen, 8080), '15006');
  assert.equal(await fromOutside(chosen, 9090), '9090');
  assert.equal(await fromOutside(chosen, 15021), '15021');
});

test('inbound ports can be left out', { skip }, async (t) => {
  const some = await podWith(
    injected(appPod({ annotations: { 'traffic.sidecar.istio.io/excludeInboundPorts': '9090' } })),
  );
  t.after(() => some.remove());
  assert.equal(await fromOutside(some, 8080), '15006');
  assert.equal(await fromOutside(some, 9090), '9090');
});

test('a pod with an address of IPv6 is redirected there too', { skip }, async (t) => {
  const namespace = new PodNamespace();
  await namespace.create({ node: process.execPath });
  t.after(() => namespace.remove());
  const address = 'fd00:198:18::2';
  if ((await namespace.run(['ip', '-6', 'address', 'add', `${address}/64`, 'dev', 'eth0', 'nodad'])).code !== 0) {
    return t.skip('this kernel has no IPv6');
  }
  await namespace.must('ip -6 route add default dev eth0');
  const rules = containerOf(injected(appPod()), 'istio-init')['env'] as readonly { name: string; value: string }[];
  const text = rules.find(({ name }) => name === 'RULES_IPV6')?.value ?? '';
  const tried = await namespace.run(['sh', '-c', 'printf %s "$R" | ip6tables-restore --test'], { env: { R: text } });
  assert.equal(tried.code, 0, tried.stderr);
  await namespace.init(injected(appPod()));
  namespace.start(['/run/node', '-e', server([15001, 15006])], { uid: 1337 });
  namespace.start(['/run/node', '-e', server([8080])], { uid: 1000 });
  for (let tries = 0; tries < 100; tries++) {
    if ((await portOf(namespace, 'http://[::1]:8080')) === '8080') break;
    await sleep(50);
  }
  assert.equal(await portOf(namespace, 'http://[2001:db8::7]:80'), '15001');
  assert.equal(await portOf(namespace, `http://[${address}]:8080`, { uid: 1337 }), '15006');
  assert.equal(await portOf(namespace, `http://[${address}]:8080`, { uid: 1337, more: '--interface ::6' }), '8080');
});
