import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../command-spec.ts';
import { clusterRow, parseEndpoint } from './cluster-rows.ts';
import { parseConfigDump, withoutKeys } from './config-dump.ts';
import { matchesCluster, parseClusterName } from './filter.ts';
import { listenerRows } from './listener-rows.ts';
import { routeRows } from './route-rows.ts';

test('names of Istio clusters are taken apart, others are a host', () => {
  assert.deepEqual(parseClusterName('outbound|80|v1|web.default.svc.cluster.local'), {
    direction: 'outbound',
    port: '80',
    subset: 'v1',
    host: 'web.default.svc.cluster.local',
  });
  assert.equal(parseClusterName('outbound_.80_._.web.default.svc').host, 'web.default.svc');
  assert.equal(parseClusterName('xds-grpc').host, 'xds-grpc');
});

test('clusters are filtered as by istioctl', () => {
  const matches = (values: Record<string, string>): boolean =>
    matchesCluster('outbound|80|v1|web.default.svc.cluster.local', new OptionValues(values));
  assert.ok(
    matches({}) && matches({ fqdn: 'web.default' }) && matches({ port: '80', direction: 'OUTBOUND', subset: 'v1' }),
  );
  assert.ok(!matches({ fqdn: 'api' }) && !matches({ port: '81' }) && !matches({ direction: 'inbound' }));
});

test('a cluster and its endpoints become rows', () => {
  const metadata = {
    filter_metadata: { istio: { config: '/apis/networking.istio.io/v1/namespaces/shop/destination-rule/web' } },
  };
  assert.deepEqual(clusterRow({ name: 'outbound|80||web', type: 'EDS', metadata }), [
    'web',
    '80',
    '-',
    'outbound',
    'EDS',
    'web.shop',
  ]);
  const host = {
    address: { envoy_internal_address: { server_listener_name: 'network|east', endpoint_id: 'pod' } },
    health_status: { eds_health_status: 'HEALTHY', failed_outlier_check: true },
  };
  const { endpoint, status, outlier } = parseEndpoint('c', host);
  assert.deepEqual([endpoint, status, outlier], ['envoy://network|east/pod', 'HEALTHY', 'FAILED']);
  assert.equal(
    parseEndpoint('c', { address: { socket_address: { address: '::1', port_value: 80 } } }).endpoint,
    '[::1]:80',
  );
});

test('listeners and routes become rows', () => {
  const hcm = '@type';
  const listener = {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: 80 } },
    filter_chains: [
      {
        filter_chain_match: { transport_protocol: 'tls', application_protocols: ['h2'] },
        filters: [{ typed_config: { [hcm]: 'x.HttpConnectionManager', rds: { route_config_name: '80' } } }],
      },
    ],
    default_filter_chain: { filters: [{ typed_config: { [hcm]: 'x.TcpProxy', cluster: 'BlackHole' } }] },
  };
  assert.deepEqual(listenerRows(listener), [
    ['in', '127.0.0.1', '80', 'Trans: tls; App: h2', 'Route: 80'],
    ['in', '127.0.0.1', '80', 'ALL', 'Cluster: BlackHole'],
  ]);
  const route = {
    match: { prefix: '/a' },
    route: {
      weighted_clusters: {
        clusters: [
          { name: 'x', weight: 70 },
          { name: 'y', weight: 30 },
        ],
      },
    },
  };
  assert.deepEqual(
    routeRows({ name: '80', virtual_hosts: [{ name: 'web', domains: ['a', 'b', 'c'], routes: [route] }] }),
    [['80', 'web', 'a, b + 1 more...', '/a*', 'x=70, y=30', '']],
  );
});

test('keys never leave, and odd dumps are empty', () => {
  const secret = {
    name: 'default',
    secret: { tls_certificate: { private_key: { inline_bytes: 'S0VZ' }, certificate_chain: {} } },
  };
  const dump = parseConfigDump({ configs: [{ '@type': 'x.SecretsConfigDump', dynamic_active_secrets: [secret] }] });
  assert.equal(dump.secrets[0]?.name, 'default');
  assert.ok(!JSON.stringify(withoutKeys(dump)).includes('S0VZ'));
  assert.deepEqual(withoutKeys({ private_key: { filename: '/k' } }), { private_key: { filename: '/k' } });
  for (const odd of [
    undefined,
    null,
    3,
    {},
    { configs: [null, { '@type': 'x.ListenersConfigDump', dynamic_listeners: [1] }] },
  ]) {
    assert.deepEqual(parseConfigDump(odd).listeners, []);
  }
});
