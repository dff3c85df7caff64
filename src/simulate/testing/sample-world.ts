/** A mesh in small: a client, a server of its own network, and one behind the gateway of another network. */
import { RBAC_Action } from '../../envoy/gen/envoy/config/rbac/v3/rbac_pb.ts';
import type { RouteSchema } from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { HTTPFaultSchema } from '../../envoy/gen/envoy/extensions/filters/http/fault/v3/fault_pb.ts';
import { OnDemandSchema } from '../../envoy/gen/envoy/extensions/filters/http/on_demand/v3/on_demand_pb.ts';
import { RBACSchema } from '../../envoy/gen/envoy/extensions/filters/http/rbac/v3/rbac_pb.ts';
import { SniClusterSchema } from '../../envoy/gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb.ts';
import {
  type Call,
  formatOutcome,
  outcomesOf,
  type ProxySite,
  type Target,
  type Walk,
  type World,
  walk,
} from '../index.ts';
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
} from './sample-resources.ts';
import { sampleSite } from './sample-site.ts';

export const SERVER: string = 'spiffe://cluster.local/ns/default/sa/server';
export const CLIENT: string = 'spiffe://cluster.local/ns/default/sa/client';

export type Route = InitOf<typeof RouteSchema>;
/** Any path to the service. */
export const TO_SERVICE: Route = {
  match: { pathSpecifier: { case: 'prefix', value: '/' } },
  action: { case: 'route', value: { clusterSpecifier: { case: 'cluster', value: 'service' } } },
};

/** A client whose sidecar knows one pod by its address and one behind the gateway of another network. */
export function client(routes: readonly Route[]): ProxySite {
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

/** The client, a pod beside it, and one behind the gateway of another network. */
export function world(routes: readonly Route[]): World {
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

/** A call of the client's application. */
export function call(change: Partial<Call> = {}, routes: readonly Route[] = [TO_SERVICE]): Walk {
  return walk(world(routes), 'client', {
    kind: 'http',
    via: { kind: 'http-proxy', listener: { address: '127.0.0.1', port: 15080 } },
    destination: { address: '', port: 80 },
    host: 'service.cluster2',
    ...change,
  });
}

/** What comes of it, by share. */
export function summary(found: Walk): readonly string[] {
  return outcomesOf(found)
    .map(({ probability, outcome }) => `${probability.toFixed(2)} ${formatOutcome(outcome)}`)
    .sort();
}
