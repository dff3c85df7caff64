import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { Filter } from '../gen/envoy/config/listener/v3/listener_components_pb.ts';
import { HttpConnectionManagerSchema } from '../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { RBACSchema } from '../gen/envoy/extensions/filters/network/rbac/v3/rbac_pb.ts';
import { ConfigSchema as SetFilterStateSchema } from '../gen/envoy/extensions/filters/network/set_filter_state/v3/set_filter_state_pb.ts';
import { SniClusterSchema } from '../gen/envoy/extensions/filters/network/sni_cluster/v3/sni_cluster_pb.ts';
import {
  type TcpProxy_OnDemand,
  TcpProxy_OnDemandSchema,
  TcpProxySchema,
} from '../gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import { adsSource } from './config-sources.ts';
import { durationFromMs } from './durations.ts';
import { networkFilter } from './extensions.ts';

/** Filter state by which `tcp_proxy` chooses the cluster (Envoy's "TCP proxy" page, "Dynamic cluster selection"). */
export const TCP_PROXY_CLUSTER_STATE = 'envoy.tcp_proxy.cluster';

/** Speaks HTTP on a connection. Ends its chain. */
export function httpConnectionManager(config: MessageInitShape<typeof HttpConnectionManagerSchema>): Filter {
  return networkFilter({
    name: 'envoy.filters.network.http_connection_manager',
    schema: HttpConnectionManagerSchema,
    config,
  });
}

/** Hands a connection's bytes to a cluster. Ends its chain. */
export function tcpProxy(config: MessageInitShape<typeof TcpProxySchema>): Filter {
  return networkFilter({ name: 'envoy.filters.network.tcp_proxy', schema: TcpProxySchema, config });
}

/**
 * `onDemand` of a {@link tcpProxy}: holds a connection while its cluster is asked for on the ADS stream.
 * @param timeoutMs how long it is held; Envoy's own default is 60 s.
 */
export function tcpOnDemand(timeoutMs: number): TcpProxy_OnDemand {
  return create(TcpProxy_OnDemandSchema, { odcdsConfig: adsSource(), timeout: durationFromMs(timeoutMs) });
}

/** Makes the cluster of the next `tcp_proxy` the one that the SNI names. */
export function sniClusterFilter(): Filter {
  return networkFilter({ name: 'envoy.filters.network.sni_cluster', schema: SniClusterSchema });
}

/** Allows or denies connections by rules; shadow rules only count. */
export function networkRbacFilter(config: MessageInitShape<typeof RBACSchema>): Filter {
  return networkFilter({ name: 'envoy.filters.network.rbac', schema: RBACSchema, config });
}

/**
 * Sets the cluster of the next `tcp_proxy` when a connection comes in.
 * @param format an Envoy format string, such as `outbound|%DOWNSTREAM_LOCAL_PORT%||%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%`.
 */
export function tcpClusterFromFormat(format: string): Filter {
  return networkFilter({
    name: 'envoy.filters.network.set_filter_state',
    schema: SetFilterStateSchema,
    config: {
      onNewConnection: [
        {
          key: { case: 'objectKey', value: TCP_PROXY_CLUSTER_STATE },
          value: {
            case: 'formatString',
            value: {
              format: { case: 'textFormatSource', value: { specifier: { case: 'inlineString', value: format } } },
            },
          },
        },
      ],
    },
  });
}
