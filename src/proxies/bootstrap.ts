import type { GatewayBind, Interception, Locality, SocketAddress } from '../model/index.ts';
import { statsConfig } from './bootstrap-stats.ts';
import { XDS_CLUSTER, type XdsServer, xdsCluster } from './bootstrap-xds.ts';
import { extension, type Json, type JsonObject, socketAddress } from './envoy-json.ts';

/** All that a stock Envoy must be told to find its control plane and prove who it is. Nothing in it is secret. */
export interface ProxyIdentity {
  readonly kind: 'sidecar' | 'gateway';
  readonly cluster: string;
  readonly network: string;
  readonly namespace: string;
  readonly pod: string;
  /** Of the pod. */
  readonly address: string;
  /** The Deployment, StatefulSet, ... that the pod belongs to; the pod itself where there is none. */
  readonly workload: string;
  readonly serviceAccount: string;
  readonly locality: Locality;
  /** Redirected by the kernel unless given. */
  readonly interception?: Interception;
  readonly gatewayBinds?: readonly GatewayBind[];
  readonly controlPlane: XdsServer;
  /** A DNS server for the hosts that Envoy resolves; the machine's own unless given. */
  readonly dnsResolver?: SocketAddress;
  /** Connections that are taken at most, of all listeners together; 20,000 unless set. */
  readonly maxConnections?: number;
  /** More statistics to keep, by prefix of their name (Istio: `sidecar.istio.io/statsInclusionPrefixes`). */
  readonly statsPrefixes?: readonly string[];
}

/** A proxy that runs as a process of this machine. */
export interface BootstrapSpec extends ProxyIdentity {
  readonly interception: Interception;
  readonly gatewayBinds: readonly GatewayBind[];
  /** Unix socket of the admin interface, made with mode 0600: who reaches it commands the proxy. */
  readonly adminSocket: string;
}

/** What a proxy has from its start on, without a control plane. */
export interface StaticParts {
  /** envoy.config.bootstrap.v3.Admin. */
  readonly admin: JsonObject;
  readonly listeners: readonly JsonObject[];
  readonly clusters: readonly JsonObject[];
}

/** Far above what a workload needs; each connection costs some 20 KB, and one file descriptor. */
const DEFAULT_MAX_CONNECTIONS = 20_000;

/** Regular expressions of routes may compile to programs of this size (Istio's bootstrap). */
const MAX_REGEX_PROGRAM_SIZE = 32_768;

/** Istio's log format: time, level, component, source, text. */
const LOG_FORMAT = '%Y-%m-%dT%T.%eZ\t%l\tenvoy %n %g:%#\t%v';

/** Node.id in Istio's form: `sidecar~<ip>~<pod>.<namespace>~<namespace>.svc.cluster.local`, `router~…` for gateways. */
export function formatNodeId(spec: Pick<ProxyIdentity, 'kind' | 'address' | 'pod' | 'namespace'>): string {
  const kind = spec.kind === 'gateway' ? 'router' : 'sidecar';
  return `${kind}~${spec.address}~${spec.pod}.${spec.namespace}~${spec.namespace}.svc.cluster.local`;
}

/**
 * Envoy's own configuration (envoy.config.bootstrap.v3.Bootstrap as JSON), to be given by `--config-yaml`: a proxy that
 * holds nothing, knows its control plane and gets all else over one delta ADS stream.
 */
export function bootstrap(spec: BootstrapSpec): JsonObject {
  const admin = { address: { pipe: { path: spec.adminSocket, mode: 0o600 } }, ignore_global_conn_limit: true };
  return bootstrapWith(spec, { admin, listeners: [], clusters: [] });
}

/** The same for a proxy that has more from its start on. */
export function bootstrapWith(spec: ProxyIdentity, { admin, listeners, clusters }: StaticParts): JsonObject {
  return {
    node: node(spec),
    admin,
    dynamic_resources: dynamicResources(),
    static_resources: {
      ...(listeners.length > 0 ? { listeners } : {}),
      clusters: [xdsCluster(spec.controlPlane), ...clusters],
    },
    bootstrap_extensions: [
      extension('envoy.bootstrap.internal_listener', 'bootstrap.internal_listener.v3.InternalListener'),
    ],
    ...statsConfig(spec.statsPrefixes ?? []),
    overload_manager: overloadManager(spec.maxConnections ?? DEFAULT_MAX_CONNECTIONS),
    layered_runtime: {
      layers: [
        {
          name: 'static',
          static_layer: {
            're2.max_program_size.error_level': MAX_REGEX_PROGRAM_SIZE,
            're2.max_program_size.warn_level': MAX_REGEX_PROGRAM_SIZE,
          },
        },
        // Lets a person change a runtime key of one proxy by its admin interface.
        { name: 'admin', admin_layer: {} },
      ],
    },
    application_log_config: { log_format: { text_format: LOG_FORMAT } },
    ...(spec.dnsResolver ? { typed_dns_resolver_config: dnsResolver(spec.dnsResolver) } : {}),
  };
}

/** Who this proxy says it is. The control plane believes only its token, and looks the rest up. */
function node(spec: ProxyIdentity): JsonObject {
  const { region, zone, subzone } = spec.locality;
  const { interception, gatewayBinds } = spec;
  return {
    id: formatNodeId(spec),
    cluster: `${spec.workload}.${spec.namespace}`,
    locality: { region, zone, sub_zone: subzone },
    metadata: {
      NAME: spec.pod,
      NAMESPACE: spec.namespace,
      CLUSTER_ID: spec.cluster,
      NETWORK: spec.network,
      WORKLOAD_NAME: spec.workload,
      SERVICE_ACCOUNT: spec.serviceAccount,
      ...(interception ? { PELAGOS_INTERCEPTION: interception as unknown as Json } : {}),
      ...(gatewayBinds ? { PELAGOS_GATEWAY_BINDS: gatewayBinds as unknown as Json } : {}),
    },
  };
}

/** No time-out on the first fetch: a proxy without its listeners is not ready, however long that takes. */
function dynamicResources(): JsonObject {
  const overAds = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };
  return {
    ads_config: {
      api_type: 'DELTA_GRPC',
      transport_api_version: 'V3',
      set_node_on_first_message_only: true,
      grpc_services: [
        {
          envoy_grpc: {
            cluster_name: XDS_CLUSTER,
            // Back soon after a restart of the control plane; Envoy's own limit is 30 s.
            retry_policy: { retry_back_off: { base_interval: '0.2s', max_interval: '5s' } },
          },
        },
      ],
    },
    cds_config: overAds,
    lds_config: overAds,
  };
}

function overloadManager(maxConnections: number): JsonObject {
  return {
    resource_monitors: [
      extension(
        'envoy.resource_monitors.global_downstream_max_connections',
        'resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig',
        { max_active_downstream_connections: maxConnections },
      ),
    ],
  };
}

function dnsResolver(server: SocketAddress): JsonObject {
  return extension('envoy.network.dns_resolver.cares', 'network.dns_resolver.cares.v3.CaresDnsResolverConfig', {
    resolvers: [socketAddress(server)],
    dns_resolver_options: { no_default_search_domain: true },
  });
}
