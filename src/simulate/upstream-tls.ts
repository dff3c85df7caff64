import type { JsonObject } from '@bufbuild/protobuf';
import type { Cluster } from '../envoy/gen/envoy/config/cluster/v3/cluster_pb.ts';
import type { TransportSocket } from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import type { LbEndpoint } from '../envoy/gen/envoy/config/endpoint/v3/endpoint_components_pb.ts';
import { InternalUpstreamTransportSchema } from '../envoy/gen/envoy/extensions/transport_sockets/internal_upstream/v3/internal_upstream_pb.ts';
import { UpstreamTlsContextSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { HttpProtocolOptionsSchema } from '../envoy/gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';
import { refusalOf, validationOf } from './certificate-check.ts';
import { certificateOf } from './downstream-tls.ts';
import type { HttpRequest, TlsOffer } from './payload.ts';
import { typedConfigOf, unpack } from './typed-config.ts';
import { withoutPort } from './virtual-host-match.ts';
import type { ProxySite } from './world.ts';

/** What an upstream connection is opened for. */
export interface TlsUse {
  readonly endpoint: LbEndpoint | undefined;
  readonly site: ProxySite;
  /** The request that goes first; undefined for TCP. */
  readonly request: HttpRequest | undefined;
  readonly filterState: ReadonlyMap<string, string>;
}

const SERVER_NAME_STATE = 'envoy.network.upstream_server_name';
const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/** The TLS session that this proxy opens to an endpoint of the cluster; undefined where it sends plaintext. */
export function originateTls(cluster: Cluster, use: TlsUse): TlsOffer | undefined {
  const context = unpack(socketConfig(transportSocketOf(cluster, use.endpoint)), UpstreamTlsContextSchema);
  if (!context) return undefined;
  const common = context.commonTlsContext;
  const endpoint = use.endpoint?.hostIdentifier.case === 'endpoint' ? use.endpoint.hostIdentifier.value : undefined;
  const options = unpack(cluster.typedExtensionProtocolOptions[HTTP_OPTIONS], HttpProtocolOptionsSchema);
  const authority =
    options?.upstreamHttpProtocolOptions?.autoSni && use.request ? withoutPort(use.request.authority) : '';
  const hostname = context.autoHostSni ? (endpoint?.hostname ?? '') : '';
  const sni = use.filterState.get(SERVER_NAME_STATE) || hostname || authority || context.sni;
  const certificate = common && certificateOf(common, use.site);
  const validation = validationOf(common);
  const checksName = context.autoSniSanValidation || options?.upstreamHttpProtocolOptions?.autoSanValidation === true;
  return {
    sni,
    alpn: common && common.alpnProtocols.length > 0 ? common.alpnProtocols : alpnOf(use.request, options),
    ...(certificate ? { certificate } : {}),
    refuses: (server) => {
      if (!server) return undefined;
      if (checksName && sni && !server.dnsNames.includes(sni)) return `it does not name ${sni}`;
      return validation && refusalOf(validation, server);
    },
  };
}

/** Envoy's HTTP pools offer their protocol where the TLS context offers none. */
function alpnOf(
  request: HttpRequest | undefined,
  options: { readonly upstreamProtocolOptions: { readonly case?: string | undefined } } | undefined,
): readonly string[] {
  if (!request) return [];
  if (options?.upstreamProtocolOptions.case === 'autoConfig') return ['h2', 'http/1.1'];
  return [request.version];
}

/** The version in which the cluster sends requests. */
export function upstreamVersion(cluster: Cluster, request: HttpRequest): HttpRequest['version'] {
  const options = unpack(cluster.typedExtensionProtocolOptions[HTTP_OPTIONS], HttpProtocolOptionsSchema);
  const protocol = options?.upstreamProtocolOptions;
  if (protocol?.case === 'explicitHttpConfig') {
    return protocol.value.protocolConfig.case === 'http2ProtocolOptions' ? 'h2' : 'http/1.1';
  }
  if (protocol?.case === 'useDownstreamProtocolConfig') return request.version;
  return protocol?.case === 'autoConfig' ? 'h2' : 'http/1.1';
}

/** An internal connection's socket wraps the one that makes the bytes. */
function socketConfig(socket: TransportSocket | undefined): ReturnType<typeof typedConfigOf> {
  const config = socket && typedConfigOf(socket.configType);
  const wrapper = unpack(config, InternalUpstreamTransportSchema);
  return wrapper ? wrapper.transportSocket && typedConfigOf(wrapper.transportSocket.configType) : config;
}

/** The first transport socket match whose labels the endpoint's metadata has, else the cluster's own socket. */
function transportSocketOf(cluster: Cluster, endpoint: LbEndpoint | undefined): TransportSocket | undefined {
  const labels = endpoint?.metadata?.filterMetadata['envoy.transport_socket_match'] ?? {};
  for (const candidate of cluster.transportSocketMatches) {
    if (covers(candidate.match ?? {}, labels)) return candidate.transportSocket;
  }
  return cluster.transportSocket;
}

function covers(wanted: JsonObject, labels: JsonObject): boolean {
  return Object.entries(wanted).every(([key, value]) => JSON.stringify(labels[key]) === JSON.stringify(value));
}
