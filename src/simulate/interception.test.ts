import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { Cluster_DiscoveryType, ClusterSchema } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ConfigSchema as SetFilterStateSchema } from '../envoy/gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts';
import { TcpProxySchema } from '../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import { type Call, firstClusters, type Target, type Walk, walk } from './index.ts';
import { edsCluster, endpointAt, endpointsOf, socket, tcpProxy, typed } from './testing/sample-resources.ts';
import { sampleSite } from './testing/sample-site.ts';

const app = (address: string, port: number): Target => ({
  kind: 'app',
  app: { address, port, fields: { pod: `${address}:${port}` }, tls: false },
});

const PASSTHROUGH = create(ClusterSchema, {
  name: 'PassthroughCluster',
  clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.ORIGINAL_DST },
});

/** Takes the cluster's name from where the connection was going. */
const BY_DESTINATION = typed('set_filter_state', SetFilterStateSchema, {
  onNewConnection: [
    {
      key: { case: 'objectKey', value: 'envoy.tcp_proxy.cluster' },
      value: {
        case: 'formatString',
        value: { format: { case: 'textFormat', value: 'tcp|%DOWNSTREAM_LOCAL_ADDRESS%' } },
      },
    },
  ],
});

const WEIGHTED = typed('tcp_proxy', TcpProxySchema, {
  statPrefix: 'tcp',
  clusterSpecifier: {
    case: 'weightedClusters',
    value: {
      clusters: [
        { name: 'one', weight: 1 },
        { name: 'two', weight: 3 },
      ],
    },
  },
});

const SITE = sampleSite({
  identity: 'spiffe://cluster.local/ns/default/sa/client',
  listeners: [
    {
      name: 'virtualOutbound',
      address: socket('0.0.0.0', 15001),
      useOriginalDst: true,
      filterChains: [{ filters: [tcpProxy('PassthroughCluster')] }],
    },
    {
      name: 'exact',
      address: socket('10.9.0.1', 3306),
      bindToPort: false,
      filterChains: [{ filters: [tcpProxy('one')] }],
    },
    { name: 'any', address: socket('0.0.0.0', 3306), bindToPort: false, filterChains: [{ filters: [WEIGHTED] }] },
    {
      name: 'named',
      address: socket('0.0.0.0', 5432),
      bindToPort: false,
      filterChains: [{ filters: [BY_DESTINATION, tcpProxy('none')] }],
    },
  ],
  clusters: [PASSTHROUGH, edsCluster('one'), edsCluster('two'), edsCluster('tcp|10.9.0.2:5432')],
  endpoints: ['one', 'two', 'tcp|10.9.0.2:5432'].map((name) => endpointsOf(name, [endpointAt(`${name}.pod`, 1)])),
});

function call(address: string, port: number, via: Call['via'] = { kind: 'intercepted', redirectedTo: 15001 }): Walk {
  const world = { proxy: () => SITE, connect: (_from: string, host: string, to: number) => app(host, to) };
  return walk(world, 'client', { kind: 'tcp', via, destination: { address, port }, host: address });
}

test('a redirected connection goes to the listener of its original destination, exact before wildcard', () => {
  assert.deepEqual([...firstClusters(call('10.9.0.1', 3306))], [['one', 1]]);
  assert.deepEqual(
    [...firstClusters(call('10.9.0.7', 3306))],
    [
      ['one', 0.25],
      ['two', 0.75],
    ],
  );
});

test('what has no listener stays at the first one and goes where it was going', () => {
  const found = call('192.0.2.5', 9000);
  assert.deepEqual([...firstClusters(found)], [['PassthroughCluster', 1]]);
  assert.deepEqual(
    found.paths.map(({ outcome }) => outcome.app?.fields['pod']),
    ['192.0.2.5:9000'],
  );
});

test('a listener that binds no port gets nothing by itself', () => {
  assert.deepEqual(
    call('10.9.0.1', 3306, { kind: 'direct' }).paths.map(({ outcome }) => outcome.failure?.kind),
    ['no-listener'],
  );
});

test('filter state names the cluster, before what tcp_proxy says', () => {
  assert.deepEqual([...firstClusters(call('10.9.0.2', 5432))], [['tcp|10.9.0.2:5432', 1]]);
  assert.deepEqual(
    call('10.9.0.3', 5432).paths.map(({ outcome }) => outcome.failure?.kind),
    ['cluster-not-found'],
  );
});
