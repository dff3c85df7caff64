/** Hand-made Envoy resources for tests of the walk: a sidecar, an east-west gateway, another sidecar. */
import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import {
  type Cluster,
  Cluster_DiscoveryType,
  ClusterSchema,
} from '../../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { LbEndpointSchema } from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import {
  type ClusterLoadAssignment,
  ClusterLoadAssignmentSchema,
} from '../../envoy/gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import type { FilterSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { RouteConfigurationSchema } from '../../envoy/gen/envoy/config/route/v3/route_pb.ts';
import { RouterSchema } from '../../envoy/gen/envoy/extensions/filters/http/router/v3/router_pb.ts';
import { TlsInspectorSchema } from '../../envoy/gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts';
import {
  HttpConnectionManager_ForwardClientCertDetails as ForwardCert,
  HttpConnectionManagerSchema,
} from '../../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { TcpProxySchema } from '../../envoy/gen/envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy_pb.ts';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';

interface Typed {
  readonly name: string;
  readonly configType: { readonly case: 'typedConfig'; readonly value: Any };
}

/** Any extension with its configuration. */
export function typed<Desc extends DescMessage>(name: string, schema: Desc, init: MessageInitShape<Desc>): Typed {
  return { name, configType: { case: 'typedConfig', value: anyPack(schema, create(schema, init)) } };
}

type Address = {
  address: { case: 'socketAddress'; value: { address: string; portSpecifier: { case: 'portValue'; value: number } } };
};

export function socket(address: string, port: number): Address {
  return { address: { case: 'socketAddress', value: { address, portSpecifier: { case: 'portValue', value: port } } } };
}

export const TLS_INSPECTOR: Typed = typed('tls_inspector', TlsInspectorSchema, {});
export const ROUTER: Typed = typed('router', RouterSchema, {});

/** Mutual TLS with the workload's certificate, asked for from everybody. */
export const MUTUAL: Typed = typed('tls', DownstreamTlsContextSchema, {
  requireClientCertificate: true,
  commonTlsContext: {
    tlsCertificateSdsSecretConfigs: [{ name: 'default' }],
    validationContextType: { case: 'validationContextSdsSecretConfig', value: { name: 'ROOTCA' } },
  },
});

/** Mutual TLS to whoever has this identity. */
export function mutualTo(identity: string): Typed {
  const matcher = { matchPattern: { case: 'exact' as const, value: identity } };
  return typed('tls', UpstreamTlsContextSchema, {
    autoHostSni: true,
    commonTlsContext: {
      alpnProtocols: ['istio'],
      tlsCertificateSdsSecretConfigs: [{ name: 'default' }],
      validationContextType: {
        case: 'combinedValidationContext',
        value: { defaultValidationContext: { matchTypedSubjectAltNames: [{ sanType: 3, matcher }] } },
      },
    },
  });
}

export function tcpProxy(cluster: string): MessageInitShape<typeof FilterSchema> {
  return typed('tcp_proxy', TcpProxySchema, {
    statPrefix: 'tcp',
    clusterSpecifier: { case: 'cluster', value: cluster },
  });
}

/** A connection manager with its routes inside. */
export function httpManager(
  routeConfig: MessageInitShape<typeof RouteConfigurationSchema>,
  httpFilters: readonly Typed[] = [],
): MessageInitShape<typeof FilterSchema> {
  return typed('hcm', HttpConnectionManagerSchema, {
    statPrefix: 'http',
    routeSpecifier: { case: 'routeConfig', value: routeConfig },
    forwardClientCertDetails: ForwardCert.APPEND_FORWARD,
    setCurrentClientCertDetails: { uri: true },
    httpFilters: [...httpFilters, ROUTER],
  });
}

export function edsCluster(name: string, init: MessageInitShape<typeof ClusterSchema> = {}): Cluster {
  return create(ClusterSchema, {
    ...init,
    name,
    clusterDiscoveryType: { case: 'type', value: Cluster_DiscoveryType.EDS },
  });
}

/** The plain-object form of a message, to be spread into another. */
export type InitOf<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, MessageShape<Desc>>;

type Endpoint = InitOf<typeof LbEndpointSchema>;

export function endpointsOf(name: string, endpoints: readonly Endpoint[]): ClusterLoadAssignment {
  return create(ClusterLoadAssignmentSchema, { clusterName: name, endpoints: [{ lbEndpoints: [...endpoints] }] });
}

export function endpointAt(address: string, port: number): Endpoint {
  return { hostIdentifier: { case: 'endpoint', value: { address: socket(address, port) } } };
}

/** An endpoint behind an internal listener, named by an SNI. */
export function endpointBehind(listener: string, sni: string): Endpoint {
  const address = {
    address: {
      case: 'envoyInternalAddress' as const,
      value: { addressNameSpecifier: { case: 'serverListenerName' as const, value: listener }, endpointId: sni },
    },
  };
  return { hostIdentifier: { case: 'endpoint', value: { hostname: sni, address } } };
}
