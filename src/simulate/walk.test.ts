import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { RBAC_Action } from '../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import { type RouteSchema, VirtualHostSchema } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { HTTPFaultSchema } from '../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { OnDemandSchema } from '../envoy/gen/envoy/extensions/filters/http/on_demand/v3/on_demand_pb.ts';
import { RBACSchema } from '../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { SniClusterSchema } from '../envoy/gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb.ts';
import {
  type Call,
  formatOutcome,
  formatWalk,
  outcomesOf,
  type ProxySite,
  type Target,
  type Walk,
  type World,
  walk,
} from './index.ts';
import {
  edsCluster,
  endpointAt,
  endpointBehind,
  endpointsOf,
  httpManager,
  type InitOf,
  MUTUAL,
  mutualTo,
  socket,
  TLS_INSPECTOR,
  tcpProxy,
  typed,
} from './testing/sample-resources.ts';
import { sampleSite } from './testing/sample-site.ts';

const SERVER = 'spiffe://cluster.local/ns/default/sa/server';
const CLIENT = 'spiffe://cluster.local/ns/default/sa/client';

type Route = InitOf<typeof RouteSchema>;
const TO_SERVICE: Route = {
  match: { pathSpecifier: { case: 'prefix', value: '/' } },
  action: { case: 'route', value: { clusterSpecifier: { case: 'cluster', value: 'service' } } },
};

/** A client whose sidecar knows one pod by its address and one behind the gateway of another network. */
function client(routes: readonly Route[]): ProxySite {
  const onDemand = typed('envoy.filters.http.on_demand', OnDemandSchema, {});
  const fault = typed('envoy.filters.http.fault', HTTPFaultSchema, {});
  return sampleSite({
    identity: CLIENT,
    listeners: [
      {
        name: 'http_proxy',
        address: socket('127.0.0.1', 15080),
        filterChains: [{ filters: [httpManager({ name: 'http_proxy', vhds: {} }, [onDemand, fault])] }],
      },
      {
        name: 'network|far',
        listenerSpecifier: { case: 'internalListener', value: {} },
        filterChains: [{ filters: [tcpProxy('gateways')] }],
      },
    ],
    hosts: [{ name: 'http_proxy/service.cluster2', domains: ['service.cluster2'], routes: [...routes] }],
    clusters: [edsCluster('service', { transportSocket: mutualTo(SERVER) }), edsCluster('gateways')],
    endpoints: [
      endpointsOf('service', [endpointAt('10.1.0.1', 8080), endpointBehind('network|far', 'pod-2.service')]),
      endpointsOf('gateways', [endpointAt('10.2.0.100', 15443)]),
    ],
  });
}

function gateway(): ProxySite {
  return sampleSite({
    identity: 'spiffe://cluster.local/ns/istio-system/sa/gateway',
    listeners: [
      {
        name: 'east-west',
        address: socket('0.0.0.0', 15443),
        listenerFilters: [TLS_INSPECTOR],
        filterChains: [
          {
            filterChainMatch: { serverNames: ['*.service'] },
            filters: [typed('sni_cluster', SniClusterSchema, {}), tcpProxy('nowhere')],
          },
        ],
      },
    ],
    clusters: [edsCluster('pod-2.service')],
    endpoints: [endpointsOf('pod-2.service', [endpointAt('10.2.0.2', 8080)])],
  });
}

function server(): ProxySite {
  const get = { matchPattern: { case: 'exact' as const, value: 'GET' } };
  const rbac = typed('envoy.filters.http.rbac', RBACSchema, {
    rules: {
      action: RBAC_Action.ALLOW,
      policies: {
        'only-get': {
          permissions: [
            {
              rule: {
                case: 'header',
                value: { name: ':method', headerMatchSpecifier: { case: 'stringMatch', value: get } },
              },
            },
          ],
          principals: [{ identifier: { case: 'authenticated', value: {} } }],
        },
      },
    },
  });
  const toApp: Route = {
    ...TO_SERVICE,
    action: { case: 'route', value: { clusterSpecifier: { case: 'cluster', value: 'inbound' } } },
  };
  const routes = { name: 'inbound', virtualHosts: [{ name: 'inbound', domains: ['*'], routes: [toApp] }] };
  return sampleSite({
    identity: SERVER,
    listeners: [
      {
        name: 'inbound',
        address: socket('0.0.0.0', 8080),
        listenerFilters: [TLS_INSPECTOR],
        filterChains: [
          {
            filterChainMatch: { transportProtocol: 'tls' },
            transportSocket: MUTUAL,
            filters: [httpManager(routes, [rbac])],
          },
        ],
      },
    ],
    clusters: [edsCluster('inbound')],
    endpoints: [endpointsOf('inbound', [endpointAt('127.0.0.1', 80)])],
  });
}

function world(routes: readonly Route[]): World {
  const sites: Readonly<Record<string, ProxySite>> = {
    client: client(routes),
    gateway: gateway(),
    near: server(),
    far: server(),
  };
  const byAddress: Readonly<Record<string, string>> = {
    '10.1.0.1': 'near',
    '10.2.0.2': 'far',
    '10.2.0.100': 'gateway',
  };
  return {
    proxy: (key) => sites[key],
    connect: (from, address, port): Target | undefined => {
      if (address === '127.0.0.1') {
        return { kind: 'app', app: { address: from, port, fields: { pod: from }, tls: false } };
      }
      const proxy = byAddress[address];
      return proxy === undefined ? undefined : { kind: 'proxy', proxy };
    },
  };
}

function call(change: Partial<Call> = {}, routes: readonly Route[] = [TO_SERVICE]): Walk {
  return walk(world(routes), 'client', {
    kind: 'http',
    via: { kind: 'http-proxy', listener: { address: '127.0.0.1', port: 15080 } },
    destination: { address: '', port: 80 },
    host: 'service.cluster2',
    ...change,
  });
}

function summary(found: Walk): readonly string[] {
  return outcomesOf(found)
    .map(({ probability, outcome }) => `${probability.toFixed(2)} ${formatOutcome(outcome)}`)
    .sort();
}

test('a request reaches pods of its own network and, through the gateway, of another one, with its identity', () => {
  const found = call();
  assert.deepEqual(summary(found), ['0.50 200 from far', '0.50 200 from near'], formatWalk(found));
  for (const { outcome } of found.paths) {
    assert.equal(outcome.request?.headers['x-forwarded-client-cert'], `By=${SERVER};URI=${CLIENT}`);
  }
  const far = found.paths.find(({ outcome }) => outcome.app?.fields['pod'] === 'far');
  assert.deepEqual(
    far?.hops.filter(({ kind }) => kind === 'listener').map(({ proxy, name }) => `${proxy} ${name}`),
    ['client http_proxy', 'client network|far', 'gateway east-west', 'far inbound'],
  );
});

test('what the policy behind the gateway refuses is a 403 to the caller', () => {
  const [first] = outcomesOf(call({ method: 'DELETE' }));
  assert.equal(first?.outcome.status, 403);
  assert.equal(first?.outcome.body, 'RBAC: access denied');
  assert.equal(first?.outcome.failure?.kind, 'rbac-denied');
});

test('a host that nobody has is a 404, and plaintext to a strict listener a closed connection', () => {
  assert.deepEqual(
    call({ host: 'nobody' }).paths.map(({ outcome }) => [outcome.status, outcome.failure?.kind]),
    [[404, 'no-virtual-host']],
  );
  const plain = walk(world([]), 'near', {
    kind: 'http',
    via: { kind: 'direct' },
    destination: { address: '10.1.0.1', port: 8080 },
    host: 'service',
  });
  assert.deepEqual(
    plain.paths.map(({ outcome }) => [outcome.status, outcome.failure?.kind]),
    [[undefined, 'no-filter-chain']],
  );
});

test('weights and faults split the calls; the shares stay exact', () => {
  const action = {
    case: 'route' as const,
    value: {
      clusterSpecifier: {
        case: 'weightedClusters' as const,
        value: {
          clusters: [
            { name: 'service', weight: 3 },
            { name: 'missing', weight: 1 },
          ],
        },
      },
    },
  };
  const abort = { errorType: { case: 'httpStatus' as const, value: 555 }, percentage: { numerator: 20 } };
  const fault = typed('fault', HTTPFaultSchema, { abort }).configType.value;
  const found = call({}, [{ ...TO_SERVICE, action, typedPerFilterConfig: { 'envoy.filters.http.fault': fault } }]);
  const byStatus = new Map<number | undefined, number>();
  for (const { probability, outcome } of found.paths) {
    byStatus.set(outcome.status, (byStatus.get(outcome.status) ?? 0) + probability);
  }
  assert.deepEqual([...byStatus].map(([status, share]) => [status, Number(share.toFixed(6))]).sort(), [
    [200, 0.6],
    [503, 0.2],
    [555, 0.2],
  ]);
});

test('rewrites, redirects and direct responses', () => {
  const match = { pathSpecifier: { case: 'prefix' as const, value: '/old' } };
  const rewrite: Route = {
    match,
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: 'service' },
        prefixRewrite: '/new',
        hostRewriteSpecifier: { case: 'hostRewriteLiteral', value: 'other' },
      },
    },
  };
  const [rewritten] = call({ path: '/old/x?y=1' }, [rewrite]).paths;
  assert.deepEqual([rewritten?.outcome.request?.path, rewritten?.outcome.request?.authority], ['/new/x?y=1', 'other']);
  const redirect: Route = {
    match,
    action: {
      case: 'redirect',
      value: {
        schemeRewriteSpecifier: { case: 'httpsRedirect', value: true },
        pathRewriteSpecifier: { case: 'prefixRewrite', value: '/' },
      },
    },
  };
  const [redirected] = call({ path: '/old?y=1' }, [redirect]).paths;
  assert.deepEqual(
    [redirected?.outcome.status, redirected?.outcome.headers['location']],
    [301, 'https://service.cluster2/?y=1'],
  );
});

test('CONNECT carries any bytes to the service', () => {
  const connect: Route = {
    match: { pathSpecifier: { case: 'connectMatcher', value: {} } },
    action: {
      case: 'route',
      value: {
        clusterSpecifier: { case: 'cluster', value: 'service' },
        upgradeConfigs: [{ upgradeType: 'CONNECT', connectConfig: {} }],
      },
    },
  };
  const found = walk(
    { ...world([]), proxy: (key) => (key === 'client' ? withHost(connect) : world([]).proxy(key)) },
    'client',
    {
      kind: 'tcp',
      via: { kind: 'http-proxy', listener: { address: '127.0.0.1', port: 15080 } },
      destination: { address: '', port: 80 },
      host: 'service.cluster2',
    },
  );
  // The server's chain reads HTTP, so the tunnel gets there and the bytes are refused there.
  assert.ok(
    found.paths.every(({ outcome }) => outcome.failure?.kind === 'protocol-error'),
    formatWalk(found),
  );
});

function withHost(route: Route): ProxySite {
  const own = client([]);
  const host = create(VirtualHostSchema, {
    name: 'http_proxy/service.cluster2:80',
    domains: ['service.cluster2:80'],
    routes: [route],
  });
  return {
    ...own,
    resources: {
      ...own.resources,
      get: (type, name) => (name === host.name ? (host as never) : own.resources.get(type, name)),
    },
  };
}
