/** What gateways listen for, and where it leads: HTTP, TLS that ends here or goes through, TCP, other networks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DownstreamTlsContextSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { TYPE_URL, unpack } from '../../envoy/index.ts';
import { passthroughName } from '../names.ts';
import { eastWestText, istioText, podText, serviceText } from '../testing/manifests.ts';
import { PaperMesh, type PaperProxy } from '../testing/paper-mesh.ts';

const INGRESS = `${podText({ name: 'ingress', namespace: 'istio-system', labels: { istio: 'ingressgateway' } })}---
{apiVersion: v1, kind: Service, metadata: {name: ingress, namespace: istio-system}, spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: web}, {name: https, port: 443, targetPort: 8443}, {name: tcp, port: 9000}]}}
`;
const REVIEWS = serviceText({ name: 'reviews', pods: { a: '10.1.0.1' } });
const CLUSTER = 'outbound|80||reviews.default.svc.cluster.local';

function ingress(text: string): PaperProxy {
  return new PaperMesh({ clusters: { cluster1: INGRESS + REVIEWS + text } }).gateway('cluster1/istio-system/ingress');
}

function gateway(servers: string, name = 'web', namespace = 'default'): string {
  return istioText('Gateway', name, `{selector: {istio: ingressgateway}, servers: [${servers}]}`, namespace);
}

const HTTP = '{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*.shop.com"]}';

function toReviews(
  hosts: string,
  part = 'http: [{route: [{destination: {host: reviews}}]}]',
  name = 'vs',
  namespace = 'default',
): string {
  return istioText('VirtualService', name, `{hosts: [${hosts}], gateways: [default/web], ${part}}`, namespace);
}

function virtualHosts(proxy: PaperProxy, name = 'http.8080'): readonly string[] {
  return (proxy.routes(name)?.virtualHosts ?? []).flatMap(({ domains }) => domains);
}

describe('HTTP', () => {
  test('the port of the Gateway is translated by the Service in front, named target ports too', () => {
    const proxy = ingress(gateway(HTTP) + toReviews('www.shop.com'));
    assert.deepEqual(proxy.names(TYPE_URL.LDS), ['0.0.0.0_8080']);
    assert.deepEqual(virtualHosts(proxy), ['www.shop.com']);
  });

  test('a gateway is given the clusters that its routes lead to', () => {
    const proxy = ingress(gateway(HTTP) + toReviews('www.shop.com'));
    assert.deepEqual(proxy.names(TYPE_URL.CDS), ['BlackHoleCluster', CLUSTER]);
  });

  test('only hosts that server and VirtualService share, by the narrower of the two', () => {
    const proxy = ingress(gateway(HTTP) + toReviews('"*"') + toReviews('www.other.com, api.shop.com', undefined, 'b'));
    assert.deepEqual(virtualHosts(proxy), ['*.shop.com', 'api.shop.com']);
  });

  test("a server's host may be for one namespace only", () => {
    const limited = gateway('{port: {number: 80, name: http, protocol: HTTP}, hosts: ["shop/a.com", "./b.com"]}');
    const rules = toReviews('a.com', undefined, 'a', 'shop') + toReviews('a.com, b.com', undefined, 'b');
    const proxy = ingress(limited + rules);
    assert.deepEqual(virtualHosts(proxy), ['a.com', 'b.com']);
    assert.equal(proxy.routes('http.8080')?.virtualHosts[0]?.routes.length, 1);
  });

  test('httpsRedirect answers for all hosts of the server, without any VirtualService', () => {
    const proxy = ingress(
      gateway('{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.com], tls: {httpsRedirect: true}}'),
    );
    assert.deepEqual(
      proxy.routes('http.8080')?.virtualHosts.map(({ domains, requireTls }) => [domains[0], requireTls]),
      [['a.com', 2]],
    );
  });

  test('a port without routes answers 404', () => {
    assert.deepEqual(virtualHosts(ingress(gateway(HTTP))), ['*']);
  });
});

describe('TLS', () => {
  const https = (mode: string, hosts = 'a.com'): string =>
    `{port: {number: 443, name: https, protocol: HTTPS}, hosts: [${hosts}], tls: {mode: ${mode}, credentialName: web-cert}}`;

  test('SIMPLE ends it with a Secret over SDS, one route configuration per server', () => {
    const proxy = ingress(gateway(https('SIMPLE')) + toReviews('a.com'));
    const [chain] = proxy.listener('0.0.0.0_8443')?.filterChains ?? [];
    assert.deepEqual(chain?.filterChainMatch?.serverNames, ['a.com']);
    const socket = chain?.transportSocket?.configType;
    const context = socket?.case === 'typedConfig' ? unpack(socket.value, DownstreamTlsContextSchema) : undefined;
    assert.deepEqual(
      context?.commonTlsContext?.tlsCertificateSdsSecretConfigs.map(({ name }) => name),
      ['kubernetes://web-cert'],
    );
    assert.equal(context?.requireClientCertificate, false);
    assert.deepEqual(virtualHosts(proxy, 'https.8443.https.web.default'), ['a.com']);
  });

  test("MUTUAL asks for a certificate that the Secret's roots have signed", () => {
    const proxy = ingress(gateway(https('MUTUAL')) + toReviews('a.com'));
    const socket = proxy.listener('0.0.0.0_8443')?.filterChains[0]?.transportSocket?.configType;
    const context = socket?.case === 'typedConfig' ? unpack(socket.value, DownstreamTlsContextSchema) : undefined;
    assert.equal(context?.requireClientCertificate, true);
    const validation = context?.commonTlsContext?.validationContextType;
    assert.equal(
      validation?.case === 'validationContextSdsSecretConfig' && validation.value.name,
      'kubernetes://web-cert-cacert',
    );
  });

  test('of two servers for the same name the older one has it, and the listener stays valid', () => {
    const proxy = ingress(gateway(https('SIMPLE', 'a.com, b.com')) + gateway(https('SIMPLE', 'b.com, c.com'), 'web2'));
    const names = proxy
      .listener('0.0.0.0_8443')
      ?.filterChains.map(({ filterChainMatch }) => filterChainMatch?.serverNames);
    assert.deepEqual(names, [['a.com', 'b.com'], ['c.com']]);
  });

  test('PASSTHROUGH goes by SNI where TLS routes lead', () => {
    const server = '{port: {number: 443, name: tls, protocol: TLS}, hosts: ["*.com"], tls: {mode: PASSTHROUGH}}';
    const routes = 'tls: [{match: [{sniHosts: [a.com]}], route: [{destination: {host: reviews, port: {number: 80}}}]}]';
    const proxy = ingress(gateway(server) + toReviews('a.com', routes));
    assert.deepEqual(
      proxy
        .listener('0.0.0.0_8443')
        ?.filterChains.map(({ filterChainMatch, transportSocket }) => [filterChainMatch?.serverNames, transportSocket]),
      [[['a.com'], undefined]],
    );
    assert.deepEqual(proxy.names(TYPE_URL.CDS), ['BlackHoleCluster', CLUSTER]);
  });
});

describe('TCP', () => {
  const server = '{port: {number: 9000, name: tcp, protocol: TCP}, hosts: ["*"]}';

  test('bytes go where the TCP route for the port leads', () => {
    const route =
      'tcp: [{match: [{port: 9001}], route: [{destination: {host: nobody}}]}, {match: [{port: 9000}], route: [{destination: {host: reviews}}]}]';
    const proxy = ingress(gateway(server) + toReviews('"*"', route));
    assert.deepEqual(proxy.names(TYPE_URL.LDS), ['0.0.0.0_9000']);
    assert.deepEqual(proxy.names(TYPE_URL.CDS), ['BlackHoleCluster', CLUSTER]);
  });

  test('without a route there is no listener', () => {
    assert.deepEqual(ingress(gateway(server)).names(TYPE_URL.LDS), []);
  });
});

describe('east-west', () => {
  const mesh = (hosts: string): PaperProxy =>
    new PaperMesh({
      clusters: {
        cluster1:
          REVIEWS +
          serviceText({ name: 'secret', namespace: 'private', pods: { s: '10.1.0.2' } }) +
          serviceText({ name: 'own', pods: { o: '10.1.0.3' }, exportTo: '.' }) +
          eastWestText('cluster1', '1.1.1.1', hosts),
        cluster2: serviceText({ name: 'reviews', pods: { b: '10.2.0.1' } }) + eastWestText('cluster2', '2.2.2.2'),
      },
    }).gateway('cluster1/istio-system/eastwest');
  const behind = (proxy: PaperProxy, sni: string): readonly string[] | undefined =>
    proxy.cluster(passthroughName(sni)) && proxy.endpoints(passthroughName(sni)).map(({ at }) => at);

  test('a service and each of its pods, in this network only', () => {
    const proxy = mesh('"*.local"');
    assert.deepEqual(behind(proxy, 'outbound_.80_._.reviews.default.svc.cluster.local'), ['10.1.0.1:8080']);
    assert.deepEqual(behind(proxy, 'outbound_.80_._.a.reviews.default.cluster1'), ['10.1.0.1:8080']);
    assert.deepEqual(behind(proxy, 'outbound_.80_._.b.reviews.default.cluster2'), []);
    assert.deepEqual(behind(proxy, 'outbound_.80_._.o.own.default.cluster1'), ['10.1.0.3:8080']);
    assert.equal(behind(proxy, 'outbound_.81_._.reviews.default.svc.cluster.local'), undefined);
  });

  test('what no host of the Gateway covers is not exposed', () => {
    const proxy = mesh('"*.default.svc.cluster.local"');
    assert.deepEqual(behind(proxy, 'outbound_.80_._.reviews.default.svc.cluster.local'), ['10.1.0.1:8080']);
    assert.equal(behind(proxy, 'outbound_.80_._.secret.private.svc.cluster.local'), undefined);
    assert.equal(behind(proxy, 'outbound_.80_._.s.secret.private.cluster1'), undefined);
    assert.equal(behind(mesh('"private/*.local"'), 'outbound_.80_._.reviews.default.svc.cluster.local'), undefined);
  });

  test('an SNI cannot name a cluster of another sort', () => {
    const proxy = mesh('"*.local"');
    for (const sni of [CLUSTER, 'network|cluster2', 'BlackHoleCluster', 'inbound|8080||']) {
      assert.equal(proxy.cluster(passthroughName(sni)), undefined, sni);
    }
  });
});
