import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { TransportSocket } from '../gen/envoy/config/core/v3/base_pb.ts';
import { RawBufferSchema } from '../gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts';
import {
  type SubjectAltNameMatcher,
  SubjectAltNameMatcher_SanType,
  SubjectAltNameMatcherSchema,
  TlsParameters_TlsProtocol,
} from '../gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import type { SdsSecretConfig } from '../gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import {
  type CommonTlsContext,
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { transportSocket } from './extensions.ts';

const TLS = 'envoy.transport_sockets.tls';

/** What both ends of TLS have, every key and root by its SDS name. */
export interface TlsMaterial {
  /** This end's certificate and key; left out to show none. */
  readonly certificate?: SdsSecretConfig;
  /** The roots to verify the other end with; left out to verify nobody. */
  readonly roots?: SdsSecretConfig;
  /** One of these must be in the other end's certificate; empty takes every certificate that the roots signed. */
  readonly peers?: readonly SubjectAltNameMatcher[];
  /** In order of preference. */
  readonly alpn?: readonly string[];
  /** `1.2` unless given. */
  readonly minimumVersion?: '1.2' | '1.3';
}

/** The other end's URI name must be exactly this (a SPIFFE ID). */
export function uriName(uri: string): SubjectAltNameMatcher {
  return exactName(SubjectAltNameMatcher_SanType.URI, uri);
}

/** The other end's DNS name must be this; a wildcard name in the certificate counts. */
export function dnsName(name: string): SubjectAltNameMatcher {
  return exactName(SubjectAltNameMatcher_SanType.DNS, name);
}

function exactName(sanType: SubjectAltNameMatcher_SanType, value: string): SubjectAltNameMatcher {
  return create(SubjectAltNameMatcherSchema, { sanType, matcher: { matchPattern: { case: 'exact', value } } });
}

/** The part of TLS that both ends share. */
export function commonTlsContext(material: TlsMaterial): CommonTlsContext {
  const { certificate, roots, peers = [], alpn = [], minimumVersion = '1.2' } = material;
  const { TLSv1_2, TLSv1_3 } = TlsParameters_TlsProtocol;
  return create(CommonTlsContextSchema, {
    alpnProtocols: [...alpn],
    tlsParams: { tlsMinimumProtocolVersion: minimumVersion === '1.3' ? TLSv1_3 : TLSv1_2 },
    tlsCertificateSdsSecretConfigs: certificate ? [certificate] : [],
    ...(roots ? { validationContextType: validationOf(roots, peers) } : {}),
  });
}

function validationOf(
  roots: SdsSecretConfig,
  peers: readonly SubjectAltNameMatcher[],
): NonNullable<Exclude<MessageInitShape<typeof CommonTlsContextSchema>, CommonTlsContext>['validationContextType']> {
  if (peers.length === 0) return { case: 'validationContextSdsSecretConfig', value: roots };
  return {
    case: 'combinedValidationContext',
    value: {
      defaultValidationContext: { matchTypedSubjectAltNames: [...peers] },
      validationContextSdsSecretConfig: roots,
    },
  };
}

/** TLS towards an upstream. `sni: 'endpoint'` sends each endpoint's own host name (`auto_host_sni`). */
export function upstreamTls(material: TlsMaterial, sni: { readonly name: string } | 'endpoint'): TransportSocket {
  return transportSocket({
    name: TLS,
    schema: UpstreamTlsContextSchema,
    config: {
      commonTlsContext: commonTlsContext(material),
      ...(sni === 'endpoint' ? { autoHostSni: true } : { sni: sni.name }),
    },
  });
}

/** TLS for clients. `requireClientCertificate` refuses those that show none. */
export function downstreamTls(material: TlsMaterial, requireClientCertificate: boolean): TransportSocket {
  return transportSocket({
    name: TLS,
    schema: DownstreamTlsContextSchema,
    config: { commonTlsContext: commonTlsContext(material), requireClientCertificate },
  });
}

/** Plain text. */
export function rawBuffer(): TransportSocket {
  return transportSocket({ name: 'envoy.transport_sockets.raw_buffer', schema: RawBufferSchema });
}
