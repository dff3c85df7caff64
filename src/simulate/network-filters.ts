import type { Any } from '@bufbuild/protobuf/wkt';
import type { Filter } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import { ConfigSchema as DirectResponseSchema } from '../envoy/gen/envoy/extensions/filters/network/direct_response/v3/config_pb.ts';
import { HttpConnectionManagerSchema } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { RBACSchema } from '../envoy/gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts';
import { ConfigSchema as SetFilterStateSchema } from '../envoy/gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts';
import {
  type TcpProxy,
  TcpProxySchema,
} from '../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import { walkCluster } from './cluster-walk.ts';
import { walkConnectionManager } from './connection-manager.ts';
import { type Downstream, formatFacts, rbacFacts } from './http-exchange.ts';
import type { Stream } from './payload.ts';
import { decide } from './rbac.ts';
import { withFilterState } from './set-filter-state.ts';
import { end, fail, type HopSubject, type Step, withHop, withShare } from './step.ts';
import type { Path } from './trail.ts';
import { typedConfigOf, typeOf, unpack } from './typed-config.ts';

/** A connection on its way through the network filters of a chain. */
export interface FilteredConnection {
  readonly downstream: Downstream;
  /** What the filters read: TLS that this proxy terminated is off. */
  readonly stream: Stream;
  readonly filters: readonly Filter[];
}

const PREFIX = 'envoy.extensions.filters.network.';
/** The cluster that `sni_cluster` and `set_filter_state` choose for `tcp_proxy` (Envoy: well known filter state objects). */
const CLUSTER_STATE = 'envoy.tcp_proxy.cluster';

/** Runs the filters in their order until one of them takes the connection over. */
export function walkNetworkFilters(step: Step, connection: FilteredConnection): readonly Path[] {
  const [filter, ...rest] = connection.filters;
  const { downstream, stream } = connection;
  if (!filter) return fail(step, 'protocol-error', 'the filter chain has no filter that answers');
  const config = typedConfigOf(filter.configType);
  const subject: HopSubject = { kind: 'network-filter', name: filter.name, resource: downstream.resource };
  const next = (at: Step, changed: Downstream): readonly Path[] =>
    walkNetworkFilters(at, { downstream: changed, stream, filters: rest });
  switch (typeOf(config)) {
    case `${PREFIX}http_connection_manager.v3.HttpConnectionManager`: {
      const hcm = unpack(config, HttpConnectionManagerSchema);
      return hcm ? walkConnectionManager(step, { hcm, downstream, stream }) : [];
    }
    case `${PREFIX}tcp_proxy.v3.TcpProxy`: {
      const proxy = unpack(config, TcpProxySchema);
      return proxy ? walkTcpProxy(withHop(step, subject, 'passes the bytes on'), proxy, connection) : [];
    }
    case `${PREFIX}rbac.v3.RBAC`:
      return walkRbac(step, { config, subject, downstream, next });
    case `${PREFIX}set_filter_state.v3.Config`: {
      const values = unpack(config, SetFilterStateSchema)?.onNewConnection ?? [];
      return next(step, setState(downstream, withFilterState(downstream.filterState, values, formatFacts(downstream))));
    }
    case `${PREFIX}sni_cluster.v3.SniCluster`: {
      if (!downstream.serverName) return next(step, downstream);
      const at = withHop(step, subject, `takes the cluster's name from the server name ${downstream.serverName}`);
      return next(at, setState(downstream, new Map(downstream.filterState).set(CLUSTER_STATE, downstream.serverName)));
    }
    case `${PREFIX}direct_response.v3.Config`: {
      const { response } = unpack(config, DirectResponseSchema) ?? {};
      const body = response?.specifier.case === 'inlineString' ? response.specifier.value : '';
      return end(withHop(step, subject, 'answers by itself'), { body, headers: {} });
    }
    default:
      return next(step, downstream);
  }
}

function setState(downstream: Downstream, filterState: ReadonlyMap<string, string>): Downstream {
  return { ...downstream, filterState };
}

function walkRbac(
  step: Step,
  use: {
    readonly config: Any | undefined;
    readonly subject: HopSubject;
    readonly downstream: Downstream;
    readonly next: (step: Step, downstream: Downstream) => readonly Path[];
  },
): readonly Path[] {
  const { subject, downstream, next } = use;
  const config = unpack(use.config, RBACSchema);
  const facts = rbacFacts(downstream);
  let at = step;
  if (config?.shadowRules) {
    at = withHop(at, subject, `shadow rules would ${decide(config.shadowRules, facts).allowed ? 'allow' : 'deny'} it`);
  }
  if (!config?.rules) return next(at, downstream);
  const { allowed, policy } = decide(config.rules, facts);
  const text = `${allowed ? 'allowed' : 'denied'} ${policy === undefined ? '(no policy matches)' : `by ${policy}`}`;
  at = withHop(at, subject, text);
  return allowed ? next(at, downstream) : fail(at, 'rbac-denied', `the connection is closed: ${text}`);
}

function walkTcpProxy(step: Step, proxy: TcpProxy, connection: FilteredConnection): readonly Path[] {
  if (proxy.tunnelingConfig) return fail(step, 'not-simulated', 'tcp_proxy through an HTTP tunnel is not simulated');
  const { downstream, stream } = connection;
  const paths: Path[] = [];
  for (const { cluster, share } of clustersOf(proxy, downstream)) {
    const at = share < 1 ? withShare(step, share) : step;
    if (cluster === '')
      paths.push(...fail(at, 'cluster-not-found', 'nothing says to which cluster the connection goes'));
    else {
      const { filterState, connection: incoming } = downstream;
      const upstream = {
        stream,
        destination: incoming.destination,
        filterState,
        autoHostRewrite: false,
        onDemand: proxy.onDemand !== undefined,
      };
      paths.push(...walkCluster(at, cluster, upstream));
    }
  }
  return paths;
}

function clustersOf(
  proxy: TcpProxy,
  downstream: Downstream,
): readonly { readonly cluster: string; readonly share: number }[] {
  const chosen = downstream.filterState.get(CLUSTER_STATE);
  if (chosen) return [{ cluster: chosen, share: 1 }];
  const { clusterSpecifier: specifier } = proxy;
  if (specifier.case === 'weightedClusters') {
    const total = specifier.value.clusters.reduce((sum, { weight }) => sum + weight, 0);
    return specifier.value.clusters
      .filter(({ weight }) => weight > 0)
      .map(({ name, weight }) => ({ cluster: name, share: weight / total }));
  }
  return [{ cluster: specifier.value ?? '', share: 1 }];
}
