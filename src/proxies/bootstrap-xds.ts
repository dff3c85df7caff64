import { isIP } from 'node:net';
import { extension, type JsonObject, socketAddress } from './envoy-json.ts';
import { TOKEN_SECRET, TRUST_SECRET, type XdsFiles } from './xds-files.ts';

/** Where xDS is served, and how proxy and server know each other. */
export interface XdsServer {
  /** An IP address, or a host name that is resolved again and again. */
  readonly address: string;
  readonly port: number;
  /** The DNS name that the server's certificate must have. */
  readonly serverName: string;
  readonly files: XdsFiles;
}

/** The name of the cluster that xDS comes from (Istio's). */
export const XDS_CLUSTER = 'xds-grpc';

/** A dead connection is noticed after 40 s at most; a closed one at once. */
const KEEP_ALIVE: JsonObject = { interval: '30s', timeout: '10s' };

/** A new token is there half an hour before the old one ends, so there is time. */
const POLL_INTERVAL = '5s';

/**
 * Every proxy of a mesh asks for the control plane's name again and again, and each asks for every search domain of its pod;
 * Envoy's own interval of 5 s would be most of what a cluster's DNS does. The address of a Service hardly ever changes.
 */
const BY_NAME: JsonObject = {
  type: 'STRICT_DNS',
  dns_lookup_family: 'V4_PREFERRED',
  dns_refresh_rate: '30s',
  dns_jitter: '5s',
  dns_failure_refresh_rate: { base_interval: '0.5s', max_interval: '5s' },
};

/** The one static cluster: HTTP/2 over TLS 1.3, the proxy's token on every stream. */
export function xdsCluster(server: XdsServer): JsonObject {
  return {
    name: XDS_CLUSTER,
    ...(isIP(server.address) ? { type: 'STATIC' } : BY_NAME),
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(server) } }] }],
    },
    transport_socket: extension(
      'envoy.transport_sockets.tls',
      'transport_sockets.tls.v3.UpstreamTlsContext',
      tlsContext(server),
    ),
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http2_protocol_options: { connection_keepalive: KEEP_ALIVE } },
        http_filters: [
          credentialInjector(server.files),
          extension('envoy.filters.http.upstream_codec', 'filters.http.upstream_codec.v3.UpstreamCodec'),
        ],
      },
    },
  };
}

/** The roots come by file through SDS, because only so Envoy reads them again when they change. */
function tlsContext({ serverName, files }: XdsServer): JsonObject {
  return {
    sni: serverName,
    common_tls_context: {
      alpn_protocols: ['h2'],
      tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
      combined_validation_context: {
        default_validation_context: {
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: serverName } }],
        },
        validation_context_sds_secret_config: {
          name: TRUST_SECRET,
          sds_config: polled(files.trustSecretFile),
        },
      },
    },
  };
}

/** Puts the service account's token on the stream; a rotated one is used from the next stream on. */
function credentialInjector(files: XdsFiles): JsonObject {
  return extension('envoy.filters.http.credential_injector', 'filters.http.credential_injector.v3.CredentialInjector', {
    overwrite: true,
    credential: extension('envoy.http.injected_credentials.generic', 'http.injected_credentials.generic.v3.Generic', {
      credential: { name: TOKEN_SECRET, sds_config: polled(files.tokenSecretFile) },
      header: 'authorization',
      header_value_prefix: 'Bearer ',
    }),
  });
}

/**
 * Read again at an interval, with the files that it names. Not watched: a watch takes two inotify instances per file, and
 * a user has 128 of them (fs.inotify.max_user_instances) for all Envoys and editors together; an Envoy that gets none aborts.
 */
function polled(path: string): JsonObject {
  return { resource_api_version: 'V3', path_config_source: { path, poll_interval: POLL_INTERVAL } };
}
