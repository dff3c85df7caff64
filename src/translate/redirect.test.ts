/** What a redirected sidecar gets: which connections are looked into, what an address stands for, who answers a host. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TYPE_URL } from '../envoy/index.ts';
import { istioText, podText, serviceText } from './testing/manifests.ts';
import { PaperMesh, type PaperProxy } from './testing/paper-mesh.ts';

const CLIENT = podText({ name: 'client', labels: { app: 'client' }, ip: '10.1.9.9' });
const WEB = serviceText({ name: 'web', pods: { w1: '10.1.0.1' }, clusterIp: '10.96.0.1' });
const DB = serviceText({ name: 'db', pods: { d1: '10.1.0.2' }, port: 5432, portName: 'tcp', clusterIp: '10.96.0.2' });

function clientOf(text: string, remote = ''): PaperProxy {
  return new PaperMesh({ clusters: { cluster1: CLIENT + text, cluster2: remote } }).redirected(
    'cluster1/default/client',
  );
}

function listenersOf(proxy: PaperProxy): readonly string[] {
  return proxy.names(TYPE_URL.LDS).filter((name) => !name.startsWith('virtual'));
}

describe('which connections are looked into', () => {
  test('those to ports where somebody speaks HTTP, or that do not say; a TCP port alone is not', () => {
    const unsaid = serviceText({ name: 'unsaid', pods: {}, port: 7000, portName: '' });
    // 8080 is where the pods of web are, and they may be called by their own addresses.
    assert.deepEqual(listenersOf(clientOf(WEB + DB + unsaid)), ['0.0.0.0_80', '0.0.0.0_7000', '0.0.0.0_8080']);
  });

  test('a port that is known for a server that speaks first', () => {
    const mysql = serviceText({ name: 'mysql', pods: {}, port: 3306, portName: '' });
    assert.deepEqual(listenersOf(clientOf(mysql)), ['0.0.0.0_80', '0.0.0.0_8080']);
  });

  test('a TCP service on a port where others speak HTTP has a listener of its own', () => {
    const both = WEB + serviceText({ name: 'first', pods: {}, port: 80, portName: 'tcp', clusterIp: '10.96.0.3' });
    const proxy = clientOf(both);
    assert.deepEqual(listenersOf(proxy), ['0.0.0.0_80', '0.0.0.0_8080', '10.96.0.3_80']);
    assert.deepEqual(proxy.listener('10.96.0.3_80')?.listenerFilters, []);
  });

  test('TLS, where a ServiceEntry or a VirtualService speaks of server names', () => {
    const entry = istioText(
      'ServiceEntry',
      'api',
      '{hosts: [api.test, "*.wide.test"], resolution: NONE, ports: [{number: 443, name: tls, protocol: TLS}]}',
    );
    const rule = istioText(
      'VirtualService',
      'api',
      '{hosts: [api.test], tls: [{match: [{port: 443, sniHosts: [api.test]}], route: [{destination: {host: db}}]}]}',
    );
    const chains = clientOf(DB + entry + rule).listener('0.0.0.0_443')?.filterChains ?? [];
    const byName = chains.filter(({ filterChainMatch: match }) => (match?.serverNames.length ?? 0) > 0);
    assert.deepEqual(
      byName.map(({ name, filterChainMatch }) => [name, filterChainMatch?.serverNames]),
      [
        ['mesh.sni.api.test', ['api.test']],
        ['mesh.sni', ['*.wide.test']],
        ['sni.api.test', ['api.test']],
        ['sni', ['*.wide.test']],
      ],
    );
  });

  test('no two chains of a listener match alike, which Envoy would refuse', () => {
    const proxy = clientOf(WEB + DB);
    for (const name of proxy.names(TYPE_URL.LDS)) {
      const matches = proxy
        .listener(name)
        ?.filterChains.map(({ filterChainMatch }) => JSON.stringify(filterChainMatch));
      assert.equal(new Set(matches).size, matches?.length, name);
    }
  });
});

describe('what an address stands for', () => {
  test('a service, under its own name in statistics', () => {
    const proxy = clientOf(WEB + DB);
    assert.equal(proxy.cluster('tcp|10.96.0.2:5432')?.altStatName, 'outbound|5432||db.default.svc.cluster.local');
    assert.deepEqual(
      proxy.endpoints('tcp|10.96.0.2:5432').map(({ at, mtls }) => [at, mtls]),
      [['10.1.0.2:8080', true]],
    );
  });

  test('a pod, with its identity', () => {
    const cluster = clientOf(WEB).cluster('http|10.1.0.1:8080');
    assert.equal(cluster?.transportSocket?.name, 'envoy.transport_sockets.tls');
    assert.equal(cluster?.altStatName, '');
  });

  test('a pod of a headless service, counted with its service', () => {
    const headless = serviceText({ name: 'each', pods: { e1: '10.1.0.7' }, port: 8080, headless: true });
    assert.equal(
      clientOf(headless).cluster('tcp|10.1.0.7:8080')?.altStatName,
      'outbound|8080||each.default.svc.cluster.local',
    );
  });

  test('somebody outside: in the clear, or not at all', () => {
    const closed = istioText(
      'Sidecar',
      'default',
      '{egress: [{hosts: ["*/*"]}], outboundTrafficPolicy: {mode: REGISTRY_ONLY}}',
    );
    assert.equal(clientOf('').cluster('tcp|10.96.7.7:80')?.altStatName, 'PassthroughCluster');
    assert.equal(clientOf(closed).cluster('tcp|10.96.7.7:80'), undefined);
    assert.equal(clientOf('').cluster('tcp|240.1.1.1:80'), undefined, 'nobody is at an address that is a name');
  });

  test('one destination of a TCP route', () => {
    const rule = istioText(
      'VirtualService',
      'db',
      '{hosts: [db], tcp: [{route: [{destination: {host: web, port: {number: 80}}}]}]}',
    );
    assert.equal(
      clientOf(WEB + DB + rule).cluster('tcp|10.96.0.2:5432')?.altStatName,
      'outbound|80||web.default.svc.cluster.local',
    );
  });

  test('what a Sidecar object hides is outside', () => {
    const hides = istioText('Sidecar', 'default', '{egress: [{hosts: ["./web.default.svc.cluster.local"]}]}');
    assert.equal(clientOf(WEB + DB + hides).cluster('tcp|10.96.0.2:5432')?.altStatName, 'PassthroughCluster');
  });

  test('a name that is no address', () => {
    for (const name of ['tcp|', 'tcp|x:80', 'tcp|10.0.0.1:0', 'tcp|10.0.0.1:70000', 'udp|10.0.0.1:80', 'tcp|[::1]']) {
      assert.equal(clientOf('').cluster(name), undefined, name);
    }
  });
});

describe('who answers a host', () => {
  const actionOf = (proxy: PaperProxy, port: number, host: string): string => {
    const action = proxy.hostAt(port, host)?.routes[0]?.action;
    if (action?.case === 'directResponse') return String(action.value.status);
    const specifier = action?.case === 'route' ? action.value.clusterSpecifier : undefined;
    return specifier?.case === 'cluster' ? specifier.value : (specifier?.case ?? 'nothing');
  };

  test("the port is the connection's, whatever the host names", () => {
    const proxy = clientOf(WEB);
    for (const host of ['web', 'web.default:80', 'web:8080', '10.96.0.1']) {
      assert.equal(actionOf(proxy, 80, host), 'outbound|80||web.default.svc.cluster.local', host);
    }
  });

  test('a host that is nobody goes where it was going, or gets 502', () => {
    const closed = new PaperMesh({
      clusters: { cluster1: CLIENT },
      meshConfig: { outboundTrafficPolicy: 'REGISTRY_ONLY' },
    });
    assert.equal(actionOf(clientOf(WEB), 80, 'www.outside.test'), 'clusterHeader');
    assert.equal(actionOf(closed.redirected('cluster1/default/client'), 80, 'www.outside.test'), '502');
  });

  test('a headless service leaves the choice to the resolver, unless a rule speaks', () => {
    const headless = serviceText({ name: 'each', pods: { e1: '10.1.0.7' }, port: 8080, headless: true });
    const rule = istioText(
      'VirtualService',
      'each',
      '{hosts: [each], http: [{route: [{destination: {host: web, port: {number: 80}}}]}]}',
    );
    assert.equal(actionOf(clientOf(headless), 8080, 'each:8080'), 'clusterHeader');
    assert.equal(actionOf(clientOf(WEB + headless + rule), 8080, 'each'), 'outbound|80||web.default.svc.cluster.local');
  });
});

describe('calls to a workload', () => {
  const chainsOf = (text: string): readonly string[] =>
    clientOf(serviceText({ name: 'client', pods: {}, port: 80 }) + text)
      .listener('virtualInbound')
      ?.filterChains.map(({ name }) => name) ?? [];

  test('permissive by default: the mesh, and plain text; on other ports whatever comes', () => {
    assert.deepEqual(chainsOf(''), [
      'loop.15006',
      'loop.15001',
      '8080.mtls',
      '8080.plaintext',
      'any.mtls-http',
      'any.mtls',
      'any.application-tls',
      'any.plaintext-http',
      'any.plaintext',
    ]);
  });

  test('strict, with one port left open', () => {
    const policy = istioText(
      'PeerAuthentication',
      'own',
      '{selector: {matchLabels: {app: client}}, mtls: {mode: STRICT}, portLevelMtls: {9000: {mode: DISABLE}}}',
    );
    assert.deepEqual(chainsOf(policy).slice(2), [
      '8080.mtls',
      '9000.plaintext-http',
      '9000.plaintext',
      '9000.application-tls',
      'any.mtls-http',
      'any.mtls',
    ]);
  });

  test('the ports of a Sidecar object are all there are', () => {
    const sidecar = istioText(
      'Sidecar',
      'own',
      '{workloadSelector: {labels: {app: client}}, ingress: [{port: {number: 9000, protocol: TCP, name: tcp}, defaultEndpoint: "127.0.0.1:9001"}]}',
    );
    const proxy = clientOf(serviceText({ name: 'client', pods: {}, port: 80 }) + sidecar);
    assert.deepEqual(
      proxy.names(TYPE_URL.CDS).filter((name) => name.startsWith('inbound|')),
      ['inbound|9000||'],
    );
    const endpoint = proxy.cluster('inbound|9000||')?.loadAssignment?.endpoints[0]?.lbEndpoints[0]?.hostIdentifier;
    const address = endpoint?.case === 'endpoint' ? endpoint.value.address?.address : undefined;
    assert.equal(address?.case === 'socketAddress' ? address.value.portSpecifier.value : undefined, 9001);
  });
});

test('a port that a Sidecar object binds to one address leaves the others to pass through', () => {
  const sidecar = istioText(
    'Sidecar',
    'own',
    '{ingress: [{bind: 10.1.9.9, port: {number: 9000, protocol: TCP, name: tcp}, defaultEndpoint: "127.0.0.1:9001"}]}',
  );
  const names = clientOf(sidecar)
    .listener('virtualInbound')
    ?.filterChains.map(({ name }) => name);
  assert.deepEqual(names?.slice(2, 7), [
    '10.1.9.9_9000.mtls',
    '10.1.9.9_9000.application-tls',
    '10.1.9.9_9000.plaintext',
    '9000.mtls-http',
    '9000.mtls',
  ]);
});

test('a gateway binds its ports on all its addresses, where nobody tells it others', () => {
  const gateway =
    podText({ name: 'ingress', labels: { istio: 'ingress' } }) +
    istioText(
      'Gateway',
      'web',
      '{selector: {istio: ingress}, servers: [{port: {number: 8080, name: http, protocol: HTTP}, hosts: ["*"]}]}',
    );
  const mesh = new PaperMesh({ clusters: { cluster1: gateway } });
  const address = mesh.gateway('cluster1/default/ingress').listener('0.0.0.0_8080')?.address?.address;
  assert.equal(address?.case === 'socketAddress' ? address.value.address : undefined, '0.0.0.0');
});
