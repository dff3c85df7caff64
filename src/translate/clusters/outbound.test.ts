/** What DestinationRules do to a client's clusters: which rule counts, how several are merged, subsets and TLS. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cluster_LbPolicy } from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { istioText, podText, serviceText } from '../testing/manifests.ts';
import { PaperMesh, type PaperProxy } from '../testing/paper-mesh.ts';

const REVIEWS = 'outbound|80||reviews.default.svc.cluster.local';
const { RING_HASH, RANDOM, ROUND_ROBIN, LEAST_REQUEST } = Cluster_LbPolicy;

function proxies(rules: string): { readonly here: PaperProxy; readonly there: PaperProxy } {
  const text =
    podText({ name: 'client', labels: { app: 'client' } }) +
    podText({ name: 'client', namespace: 'shop', labels: { app: 'client' } }) +
    serviceText({ name: 'reviews', pods: { a: '10.1.0.1' }, labels: { version: 'v1' } });
  const mesh = new PaperMesh({ clusters: { cluster1: text + rules } });
  return { here: mesh.sidecar('cluster1/default/client'), there: mesh.sidecar('cluster1/shop/client') };
}

function rule(name: string, spec: string, namespace = 'default'): string {
  return istioText('DestinationRule', name, `{host: reviews.default.svc.cluster.local, ${spec}}`, namespace);
}

function balancing(simple: string): string {
  return `trafficPolicy: {loadBalancer: {simple: ${simple}}}`;
}

describe('which DestinationRule counts', () => {
  test("the client's namespace, then the service's, then the root namespace", () => {
    const root = rule('r', balancing('RANDOM'), 'istio-system');
    const service = rule('s', balancing('ROUND_ROBIN'));
    const own = rule('o', 'trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true}}}', 'shop');
    assert.equal(proxies('').there.cluster(REVIEWS)?.lbPolicy, LEAST_REQUEST);
    assert.equal(proxies(root).there.cluster(REVIEWS)?.lbPolicy, RANDOM);
    assert.equal(proxies(root + service).there.cluster(REVIEWS)?.lbPolicy, ROUND_ROBIN);
    assert.equal(proxies(root + service + own).there.cluster(REVIEWS)?.lbPolicy, RING_HASH);
    assert.equal(proxies(root + service + own).here.cluster(REVIEWS)?.lbPolicy, ROUND_ROBIN);
  });

  test('one that is not exported to the client does not', () => {
    const { here, there } = proxies(rule('s', `${balancing('RANDOM')}, exportTo: ["."]`));
    assert.equal(here.cluster(REVIEWS)?.lbPolicy, RANDOM);
    assert.equal(there.cluster(REVIEWS)?.lbPolicy, LEAST_REQUEST);
  });

  test('one for some workloads is for them only, and goes before one for all', () => {
    const all = rule('a', balancing('RANDOM'));
    const some = (app: string): string =>
      rule('b', `${balancing('ROUND_ROBIN')}, workloadSelector: {matchLabels: {app: ${app}}}`);
    assert.equal(proxies(all + some('client')).here.cluster(REVIEWS)?.lbPolicy, ROUND_ROBIN);
    assert.equal(proxies(all + some('other')).here.cluster(REVIEWS)?.lbPolicy, RANDOM);
    assert.equal(proxies(some('client')).there.cluster(REVIEWS)?.lbPolicy, LEAST_REQUEST);
  });

  test('it is named where istioctl looks for it', () => {
    const named = (rules: string): unknown => proxies(rules).here.cluster(REVIEWS)?.metadata?.filterMetadata['istio'];
    assert.equal(named(''), undefined);
    const config = '/apis/networking.istio.io/v1/namespaces/default/destination-rule/a';
    assert.deepEqual(named(rule('a', balancing('RANDOM'))), { config });
  });

  test('several for one host: the first policy, and all subsets', () => {
    const { here } = proxies(
      rule('a', 'subsets: [{name: v1, labels: {version: v1}}]') +
        rule('b', `${balancing('RANDOM')}, subsets: [{name: v2, labels: {version: v2}}]`),
    );
    assert.equal(here.cluster(REVIEWS)?.lbPolicy, RANDOM);
    const v1 = 'outbound|80|v1|reviews.default.svc.cluster.local';
    assert.deepEqual(
      here.endpoints(v1).map(({ at }) => at),
      ['10.1.0.1:8080'],
    );
    assert.deepEqual(here.endpoints('outbound|80|v2|reviews.default.svc.cluster.local'), []);
    assert.equal(here.cluster('outbound|80|v3|reviews.default.svc.cluster.local'), undefined);
  });

  test("a subset's settings replace the rule's, a port's too", () => {
    const { here } = proxies(
      rule(
        'a',
        `trafficPolicy: {loadBalancer: {simple: RANDOM}, portLevelSettings: [{port: {number: 80}, connectionPool: {tcp: {maxConnections: 7}}}]}, subsets: [{name: v1, labels: {version: v1}, ${balancing('ROUND_ROBIN')}}]`,
      ),
    );
    assert.equal(here.cluster(REVIEWS)?.lbPolicy, LEAST_REQUEST);
    assert.equal(here.cluster(REVIEWS)?.circuitBreakers?.thresholds[0]?.maxConnections, 7);
    const subset = here.cluster('outbound|80|v1|reviews.default.svc.cluster.local');
    assert.equal(subset?.lbPolicy, ROUND_ROBIN);
  });
});

describe('what it sets', () => {
  test('zero is no limit', () => {
    const { here } = proxies(
      rule('a', 'trafficPolicy: {connectionPool: {tcp: {maxConnections: 0}, http: {maxRetries: 0}}}'),
    );
    const [limits] = here.cluster(REVIEWS)?.circuitBreakers?.thresholds ?? [];
    assert.deepEqual([limits?.maxConnections, limits?.maxRetries], [0xffff_ffff, 0xffff_ffff]);
  });

  test('a consistent hash hashes what it says', () => {
    const { here } = proxies(rule('a', 'trafficPolicy: {loadBalancer: {consistentHash: {httpHeaderName: x-user}}}'));
    const action = here.host('reviews')?.routes[0]?.action;
    assert.equal(action?.case, 'route');
    assert.deepEqual(
      action.value.hashPolicy.map(({ policySpecifier }) => policySpecifier.case),
      ['header'],
    );
  });

  test('without a rule, mTLS is for endpoints with a proxy; DISABLE and TLS without a mode are plain text', () => {
    assert.deepEqual(
      proxies('')
        .here.cluster(REVIEWS)
        ?.transportSocketMatches.map(({ name }) => name),
      ['tlsMode-istio', 'tlsMode-disabled'],
    );
    for (const tls of ['{mode: DISABLE}', '{sni: x}']) {
      const cluster = proxies(rule('a', `trafficPolicy: {tls: ${tls}}`)).here.cluster(REVIEWS);
      assert.deepEqual([cluster?.transportSocketMatches.length, cluster?.transportSocket], [0, undefined], tls);
    }
    assert.ok(proxies(rule('a', 'trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}')).here.cluster(REVIEWS)?.transportSocket);
  });
});
