import { extension, type JsonObject, socketAddress } from '../envoy-json.ts';
import type { AppCheck, AppProbe } from './app-probes.ts';
import { ADMIN_PORT, HEALTH_PORT, STATS_PORT } from './redirect-rules.ts';

const ADMIN_CLUSTER = 'admin';
const ADMIN_ADDRESS = { address: '127.0.0.1', port: ADMIN_PORT };

/** The application is called from this address, so that the kernel does not send the call back in (Istio). */
const PASSTHROUGH_ADDRESS = { address: '127.0.0.6', port: 0 };
const PASSTHROUGH_ADDRESS_6 = { address: '::6', port: 0 };

/** What a proxy in a pod answers without a control plane. */
export interface HealthParts {
  readonly listeners: readonly JsonObject[];
  readonly clusters: readonly JsonObject[];
}

/**
 * Port 15021: whether the proxy is ready, and the application's probes. Port 15090: the proxy's statistics.
 * @param podAddress of the pod; the placeholder for it.
 */
export function healthParts(podAddress: string, probes: readonly AppProbe[]): HealthParts {
  const ready = { match: { path: '/healthz/ready' }, route: { cluster: ADMIN_CLUSTER, prefix_rewrite: '/ready' } };
  const stats = { match: { prefix: '/stats/prometheus' }, route: { cluster: ADMIN_CLUSTER } };
  const filters = probes.filter(({ check }) => check.kind !== 'http').map(healthFilter);
  const clusters = new Map<string, JsonObject>();
  for (const { check } of probes) {
    const name = clusterName(check);
    const periods = probes.filter((probe) => clusterName(probe.check) === name).map((probe) => probe.periodSeconds);
    clusters.set(name, checkCluster(podAddress, check, Math.min(...periods)));
  }
  return {
    listeners: [
      listener(podAddress, {
        port: HEALTH_PORT,
        name: 'health',
        routes: [ready, ...probes.flatMap(probeRoute)],
        filters,
      }),
      listener(podAddress, { port: STATS_PORT, name: 'stats', routes: [stats], filters: [] }),
    ],
    clusters: [staticCluster(ADMIN_CLUSTER, ADMIN_ADDRESS), ...clusters.values()],
  };
}

interface ListenerParts {
  readonly port: number;
  readonly name: string;
  readonly routes: readonly JsonObject[];
  readonly filters: readonly JsonObject[];
}

/** On the pod's address for the kubelet, and on the loopback for people in the pod. */
function listener(podAddress: string, { port, name, routes, filters }: ListenerParts): JsonObject {
  const http = extension(
    'envoy.filters.network.http_connection_manager',
    'filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: name,
      generate_request_id: false,
      skip_xff_append: true,
      route_config: {
        name,
        virtual_hosts: [{ name, domains: ['*'], routes }],
        request_headers_to_remove: ['x-forwarded-proto'],
      },
      http_filters: [
        ...filters,
        extension('envoy.filters.http.router', 'filters.http.router.v3.Router', { suppress_envoy_headers: true }),
      ],
    },
  );
  return {
    name,
    address: socketAddress({ address: podAddress, port }),
    additional_addresses: [{ address: socketAddress({ address: '127.0.0.1', port }) }],
    // Probes must get an answer when the proxy has all the connections that it takes.
    ignore_global_conn_limit: true,
    filter_chains: [{ filters: [http] }],
  };
}

/**
 * The request goes to the application as the kubelet sent it, but for its path. A redirection counts as healthy to the
 * kubelet; where it leads to is taken away, for that would be a path of the proxy.
 */
function probeRoute({ path, timeoutSeconds, check }: AppProbe): readonly JsonObject[] {
  if (check.kind !== 'http') return [];
  const route = { cluster: clusterName(check), prefix_rewrite: check.path, timeout: `${timeoutSeconds}s` };
  return [{ match: { path }, route, response_headers_to_remove: ['location'] }];
}

/** 200 as long as the cluster's one endpoint is healthy, else 503. */
function healthFilter({ path, check }: AppProbe): JsonObject {
  return extension('envoy.filters.http.health_check', 'filters.http.health_check.v3.HealthCheck', {
    pass_through_mode: false,
    cluster_min_healthy_percentages: { [clusterName(check)]: { value: 100 } },
    headers: [{ name: ':path', string_match: { exact: path } }],
  });
}

/** One for all probes that ask the same. */
function clusterName(check: AppCheck): string {
  switch (check.kind) {
    case 'http':
      return `app-health|${check.tls ? 'https' : 'http'}|${check.port}`;
    case 'tcp':
      return `app-health|tcp|${check.port}`;
    case 'grpc':
      return `app-health|grpc|${check.port}|${check.service}`;
  }
}

function checkCluster(podAddress: string, check: AppCheck, periodSeconds: number): JsonObject {
  const name = clusterName(check);
  return {
    ...staticCluster(name, { address: podAddress, port: check.port }),
    upstream_bind_config: {
      source_address: { ...(socketAddress(PASSTHROUGH_ADDRESS)['socket_address'] as JsonObject) },
      extra_source_addresses: [{ address: socketAddress(PASSTHROUGH_ADDRESS_6)['socket_address'] as JsonObject }],
    },
    ...(check.kind === 'http' && check.tls ? { transport_socket: anyServer() } : {}),
    ...(check.kind === 'grpc' ? { typed_extension_protocol_options: http2Options() } : {}),
    ...(check.kind === 'http' ? {} : { health_checks: [activeCheck(check, periodSeconds)] }),
  };
}

/** The kubelet does not verify the certificate of an HTTPS probe either. */
function anyServer(): JsonObject {
  return extension('envoy.transport_sockets.tls', 'transport_sockets.tls.v3.UpstreamTlsContext', {
    common_tls_context: {},
  });
}

function http2Options(): JsonObject {
  const type = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return { [type]: { '@type': `type.googleapis.com/${type}`, explicit_http_config: { http2_protocol_options: {} } } };
}

/**
 * Each answer counts at once: how many in a row it takes is the kubelet's to count. A healthy application is asked twice as
 * often as the kubelet asks, one that is not every second, so that it is not found late.
 */
function activeCheck(check: Exclude<AppCheck, { readonly kind: 'http' }>, periodSeconds: number): JsonObject {
  const whenHealthy = `${Math.max(1, Math.floor(periodSeconds / 2))}s`;
  return {
    timeout: '1s',
    interval: whenHealthy,
    no_traffic_healthy_interval: whenHealthy,
    unhealthy_interval: '1s',
    no_traffic_interval: '1s',
    unhealthy_threshold: 1,
    healthy_threshold: 1,
    ...(check.kind === 'tcp'
      ? { tcp_health_check: {} }
      : // The cluster's name would be asked for, and that is no name of a host.
        { grpc_health_check: { service_name: check.service, authority: 'localhost' } }),
  };
}

function staticCluster(name: string, address: { readonly address: string; readonly port: number }): JsonObject {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }];
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints },
  };
}
