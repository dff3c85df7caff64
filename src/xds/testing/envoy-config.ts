import type { JsonValue } from '@bufbuild/protobuf';

const HCM = 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ADS: JsonValue = { ads: {}, resource_api_version: 'V3' };

/** A cluster with its endpoints over EDS. */
export function clusterJson(name: string, connectTimeout: string): JsonValue {
  return {
    name,
    type: 'EDS',
    connect_timeout: connectTimeout,
    eds_cluster_config: { eds_config: ADS, service_name: name },
  };
}

/** A cluster that Envoy refuses when it adds it: LOGICAL_DNS takes one endpoint only. */
export function refusedClusterJson(name: string): JsonValue {
  const endpoint = { endpoint: { address: { socket_address: { address: 'localhost', port_value: 1 } } } };
  return {
    name,
    type: 'LOGICAL_DNS',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [endpoint, endpoint] }] },
  };
}

export function endpointsJson(name: string, port: number): JsonValue {
  return {
    cluster_name: name,
    endpoints: [
      { lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } }] },
    ],
  };
}

/** A listener whose routes come by RDS, and whose clusters are asked for on demand. */
export function listenerJson(name: string, port: number): JsonValue {
  return {
    name,
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type': HCM,
              stat_prefix: name,
              rds: { route_config_name: name, config_source: ADS },
              http_filters: [
                {
                  name: 'envoy.filters.http.on_demand',
                  typed_config: {
                    '@type': 'type.googleapis.com/envoy.extensions.filters.http.on_demand.v3.OnDemand',
                    odcds: { source: ADS, timeout: '3s' },
                  },
                },
                {
                  name: 'envoy.filters.http.router',
                  typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                },
              ],
            },
          },
        ],
      },
    ],
  };
}

/** A route configuration whose virtual hosts come on demand. */
export function routesJson(name: string): JsonValue {
  return { name, vhds: { config_source: ADS } };
}

/** A virtual host `<route configuration>/<host>`; without a cluster it matches no real host (the default one). */
export function virtualHostJson(name: string, cluster?: string): JsonValue {
  const host = name.slice(name.lastIndexOf('/') + 1);
  if (cluster === undefined) return { name, domains: ['nothing.invalid'] };
  return { name, domains: [host], routes: [{ match: { prefix: '/' }, route: { cluster } }] };
}
