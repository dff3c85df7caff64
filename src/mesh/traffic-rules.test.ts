/** Which VirtualService routes a host for a client. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { istioText, podText, serviceText } from '../translate/testing/manifests.ts';
import { PaperMesh, type PaperProxy } from '../translate/testing/paper-mesh.ts';

function clientWith(rules: string, namespace = 'default'): PaperProxy {
  const text =
    podText({ name: 'client', namespace, labels: { app: 'client' } }) +
    serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } }) +
    rules;
  return new PaperMesh({ clusters: { cluster1: text } }).sidecar(`cluster1/${namespace}/client`);
}

function rule(name: string, host: string, more = '', namespace = 'default'): string {
  return istioText(
    'VirtualService',
    name,
    `{hosts: ["${host}"], http: [{name: ${name}, directResponse: {status: 200}}]${more}}`,
    namespace,
  );
}

function taken(proxy: PaperProxy, host = 'reviews.default'): string {
  return proxy.host(host)?.routes[0]?.name ?? '';
}

test('an exact host goes before a wildcard, a longer wildcard before a shorter', () => {
  const short = rule('short', '*.svc.cluster.local');
  const long = rule('long', '*.default.svc.cluster.local');
  assert.equal(taken(clientWith(short)), 'short');
  assert.equal(taken(clientWith(short + long)), 'long');
  assert.equal(taken(clientWith(short + long + rule('exact', 'reviews'))), 'exact');
});

test("of equal hosts the client's own namespace goes first", () => {
  const full = 'reviews.default.svc.cluster.local';
  const rules = rule('a', full, '', 'aaa') + rule('b', full, '', 'shop');
  assert.equal(taken(clientWith(rules, 'shop')), 'b');
  assert.equal(taken(clientWith(rules, 'default')), 'a');
});

test('one that is not exported, is for a gateway, or has no HTTP routes does not count', () => {
  const full = 'reviews.default.svc.cluster.local';
  assert.equal(taken(clientWith(rule('a', full, ', exportTo: ["."]', 'shop'))), 'default');
  assert.equal(taken(clientWith(rule('a', full, ', exportTo: ["."]', 'shop'), 'shop')), 'a');
  assert.equal(taken(clientWith(rule('a', full, ', gateways: [some-gateway]'))), 'default');
  const tcp = istioText('VirtualService', 'a', `{hosts: [${full}], tcp: [{route: [{destination: {host: reviews}}]}]}`);
  assert.equal(taken(clientWith(tcp + rule('z', full, '', 'zzz'))), 'z');
});

test('service.cluster1 of another namespace is another service', () => {
  const other = serviceText({ name: 'reviews', namespace: 'shop', pods: { b: '10.1.0.2' } });
  const rules = rule('a', 'reviews.cluster1');
  assert.equal(taken(clientWith(rules + other), 'reviews.cluster1'), 'a');
  assert.equal(taken(clientWith(rules + other, 'shop'), 'reviews.cluster1'), 'default');
});

test('matches for other clients and ports are left out', () => {
  const spec = `{hosts: [reviews], http: [
    {name: labels, match: [{sourceLabels: {app: other}}], directResponse: {status: 200}},
    {name: namespace, match: [{sourceNamespace: shop}], directResponse: {status: 200}},
    {name: port, match: [{port: 81}], directResponse: {status: 200}},
    {name: rest, directResponse: {status: 200}}]}`;
  assert.deepEqual(
    clientWith(istioText('VirtualService', 'x', spec))
      .host('reviews')
      ?.routes.map(({ name }) => name),
    ['rest'],
  );
});

test("a delegate's routes stand where they are delegated to, within what was matched", () => {
  const root = istioText(
    'VirtualService',
    'root',
    `{hosts: [reviews], http: [{match: [{uri: {prefix: /api}}], delegate: {name: own, namespace: shop}}, {name: rest, directResponse: {status: 200}}]}`,
  );
  const own = istioText(
    'VirtualService',
    'own',
    `{http: [{name: v1, match: [{uri: {prefix: /api/v1}}], directResponse: {status: 200}}, {name: never, match: [{uri: {prefix: /x}}], directResponse: {status: 200}}, {name: all, directResponse: {status: 200}}]}`,
    'shop',
  );
  const routes = clientWith(root + own).host('reviews')?.routes ?? [];
  assert.deepEqual(
    routes.map(({ name, match }) => [name, match?.pathSpecifier.value]),
    [
      ['v1', '/api/v1'],
      ['all', '/api'],
      ['rest', '/'],
    ],
  );
});

test('CONNECT goes to the port of the service, or where TCP routes lead', () => {
  const connect = (proxy: PaperProxy): unknown => {
    const route = proxy.host('reviews:80')?.routes.find(({ name }) => name === 'connect');
    return route?.action.case === 'route' ? route.action.value.clusterSpecifier.value : undefined;
  };
  assert.equal(connect(clientWith('')), 'outbound|80||reviews.default.svc.cluster.local');
  assert.equal(connect(clientWith(rule('http', 'reviews'))), 'outbound|80||reviews.default.svc.cluster.local');
  const tcp = istioText(
    'VirtualService',
    'a',
    '{hosts: [reviews], tcp: [{route: [{destination: {host: other.default.svc.cluster.local, port: {number: 7}}}]}]}',
  );
  assert.equal(connect(clientWith(tcp)), 'outbound|7||other.default.svc.cluster.local');
});
