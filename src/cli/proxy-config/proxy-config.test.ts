import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionValues } from '../command-spec.ts';
import { clusterRow, parseEndpoint } from './cluster-rows.ts';
import { parseConfigDump, withoutKeys } from './config-dump.ts';
import { matchesCluster, parseClusterName } from './filter.ts';
import { listenerRows, sortListeners } from './listener-rows.ts';
import { formatLevels, loggingPath, parseLevels } from './log-levels.ts';
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
    ['127.0.0.1', '80', 'Trans: tls; App: h2', 'Route: 80'],
    ['127.0.0.1', '80', 'ALL', 'Cluster: BlackHole'],
  ]);
  const route = {
    match: { prefix: '/a' },
    route: { cluster: 'x' },
    metadata: { filter_metadata: { istio: { config: '/apis/x/v1/namespaces/shop/virtual-service/web' } } },
  };
  assert.deepEqual(
    routeRows({ name: '80', virtual_hosts: [{ name: 'web', domains: ['a', 'b', 'c'], routes: [route] }] }),
    [['80', 'web', 'a, b + 1 more...', '/a*', 'web.shop']],
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

test('listeners are in the order of their ports, internal ones last', () => {
  const at = (address: string, port: number): Record<string, unknown> => ({
    address: { socket_address: { address, port_value: port } },
  });
  const internal = { name: 'network|east', internal_listener: {}, filter_chains: [{}] };
  const sorted = sortListeners([internal, at('0.0.0.0', 15001), at('10.0.0.2', 80), at('10.0.0.1', 80)]);
  assert.deepEqual(sorted, [at('10.0.0.1', 80), at('10.0.0.2', 80), at('0.0.0.0', 15001), internal]);
  assert.deepEqual(listenerRows(internal)[0]?.slice(0, 3), ['internal: network|east', '', 'ALL']);
});

test('levels of loggers are read as istioctl reads them', () => {
  assert.equal(loggingPath(parseLevels('debug')), '/logging?level=debug');
  assert.equal(loggingPath(parseLevels('all:none')), '/logging?level=off');
  assert.equal(loggingPath(parseLevels('http:debug,router:warn')), '/logging?paths=http%3Adebug%2Crouter%3Awarning');
  assert.throws(() => parseLevels('loud'), /"loud" is no level/);
  assert.throws(() => parseLevels('a b:debug'), /is no level of a logger/);
  assert.throws(() => parseLevels('debug,http:trace'), /do not go together/);
  assert.equal(
    formatLevels('web.shop', 'active loggers:\n  http: debug\n\n'),
    'web.shop:\nactive loggers:\n  http: debug\n',
  );
});
