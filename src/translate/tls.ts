import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { TransportSocket } from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { TransportSocketSchema } from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import {
  SubjectAltNameMatcher_SanType,
  TlsParameters_TlsProtocol,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import {
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { pack } from '../envoy/index.ts';
import { ads, type CommonTlsContext, CommonTlsContextSchema } from './envoy-types.ts';

/** SDS names, as Istio has them: the workload's own certificate, and the mesh's trust bundle. */
export const WORKLOAD_SECRET = 'default';
export const TRUST_SECRET = 'ROOTCA';

/** Offered by our clients, so that a server in permissive mode knows mesh traffic from the application's own TLS. */
export const MESH_ALPN: readonly string[] = [
  'istio',
  'istio-peer-exchange',
  'istio-http/1.0',
  'istio-http/1.1',
  'istio-h2',
];

/** ALPN that a client offers: the mesh's mark first, then what the application protocol is. */
export const CLIENT_ALPN = {
  http: ['istio-http/1.1', 'istio', 'http/1.1'],
  http2: ['istio-h2', 'istio', 'h2'],
  tcp: ['istio-peer-exchange', 'istio'],
} as const;

/** Certificate and trust over SDS on the proxy's own ADS stream; only these identities are taken (empty: any of the mesh). */
function meshTls(alpn: readonly string[], identities: readonly string[]): CommonTlsContext {
  return create(CommonTlsContextSchema, {
    alpnProtocols: [...alpn],
    tlsParams: { tlsMinimumProtocolVersion: TlsParameters_TlsProtocol.TLSv1_2 },
    tlsCertificateSdsSecretConfigs: [{ name: WORKLOAD_SECRET, sdsConfig: ads() }],
    validationContextType: {
      case: 'combinedValidationContext',
      value: {
        defaultValidationContext: {
          matchTypedSubjectAltNames: identities.map((identity) => ({
            sanType: SubjectAltNameMatcher_SanType.URI,
            matcher: { matchPattern: { case: 'exact' as const, value: identity } },
          })),
        },
        validationContextSdsSecretConfig: { name: TRUST_SECRET, sdsConfig: ads() },
      },
    },
  });
}

/** mTLS towards a mesh workload. The SNI is each endpoint's own host name, or `sni` for all. */
export function clientMtls(options: {
  readonly alpn: readonly string[];
  readonly identities: readonly string[];
  readonly sni?: string;
}): TransportSocket {
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    configType: {
      case: 'typedConfig',
      value: pack(UpstreamTlsContextSchema, {
        commonTlsContext: meshTls(options.alpn, options.identities),
        ...(options.sni === undefined ? { autoHostSni: true } : { sni: options.sni }),
      }),
    },
  });
}

/** mTLS of a workload's own port: a certificate of the mesh is required of every client. */
export function serverMtls(alpn: readonly string[]): TransportSocket {
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    configType: {
      case: 'typedConfig',
      value: pack(DownstreamTlsContextSchema, {
        commonTlsContext: meshTls(alpn, []),
        requireClientCertificate: true,
      }),
    },
  });
}

/** TLS as a DestinationRule says it (SIMPLE, MUTUAL), towards servers outside the mesh; roots of this machine by default. */
export function clientTls(options: {
  readonly sni: string;
  readonly subjectAltNames: readonly string[];
  readonly caFile: string;
  readonly insecureSkipVerify: boolean;
  readonly alpn: readonly string[];
}): TransportSocket {
  const common: MessageInitShape<typeof CommonTlsContextSchema> = {
    alpnProtocols: [...options.alpn],
    ...(options.insecureSkipVerify
      ? {}
      : {
          validationContextType: {
            case: 'validationContext' as const,
            value: {
              trustedCa: { specifier: { case: 'filename' as const, value: options.caFile } },
              matchTypedSubjectAltNames: options.subjectAltNames.map((name) => ({
                sanType: SubjectAltNameMatcher_SanType.DNS,
                matcher: { matchPattern: { case: 'exact' as const, value: name } },
              })),
            },
          },
        }),
  };
  return create(TransportSocketSchema, {
    name: 'envoy.transport_sockets.tls',
    configType: {
      case: 'typedConfig',
      value: pack(UpstreamTlsContextSchema, { commonTlsContext: common, sni: options.sni }),
    },
  });
}
