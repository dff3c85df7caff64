import { create } from '@bufbuild/protobuf';
import type { ClientTlsSettings, ServerTlsSettings } from '../config/index.ts';
import type { TransportSocket } from '../envoy/gen/envoy/config/core/v3/base_pb.ts';
import {
  CertificateValidationContextSchema,
  type TlsCertificateSchema,
  type TlsParametersSchema,
  TlsParameters_TlsProtocol as Version,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import {
  type CommonTlsContext,
  CommonTlsContextSchema,
  DownstreamTlsContextSchema,
  UpstreamTlsContextSchema,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import {
  commonTlsContext,
  dnsName,
  downstreamTls,
  sdsSecret,
  transportSocket,
  upstreamTls,
  uriName,
} from '../envoy/index.ts';
import type { InitOf } from './built.ts';

/** SDS names, as Istio has them: the workload's own certificate, and the mesh's trust bundle. */
export const WORKLOAD_SECRET = 'default';
export const TRUST_SECRET = 'ROOTCA';

/** Offered by our clients, so that a server in permissive mode knows mesh traffic from the application's own TLS. */
export const TCP_MESH_ALPN: readonly string[] = ['istio', 'istio-peer-exchange'];
export const HTTP_MESH_ALPN: readonly string[] = ['istio-http/1.0', 'istio-http/1.1', 'istio-h2'];
export const MESH_ALPN: readonly string[] = [...TCP_MESH_ALPN, ...HTTP_MESH_ALPN];

/** What http_inspector finds in plain text. */
export const PLAIN_HTTP_ALPN: readonly string[] = ['http/1.0', 'http/1.1', 'h2c'];

/** ALPN that a client offers: the mesh's mark first, then what the application protocol is. */
export const CLIENT_ALPN = {
  http: ['istio-http/1.1', 'istio', 'http/1.1'],
  http2: ['istio-h2', 'istio', 'h2'],
  /** As the client of the request speaks: nothing may be agreed on, the server finds out by the first bytes. */
  sniffed: ['istio-http/1.1', 'istio'],
  tcp: ['istio-peer-exchange', 'istio'],
} as const;

/** Where an Envoy finds the machine's own roots. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';
const TLS = 'envoy.transport_sockets.tls';

/** mTLS towards a mesh workload: the SNI is each endpoint's own name, and one of the identities must answer. */
export function clientMtls(options: {
  readonly alpn: readonly string[];
  readonly identities: readonly string[];
}): TransportSocket {
  const { alpn, identities } = options;
  const mesh = { certificate: sdsSecret(WORKLOAD_SECRET), roots: sdsSecret(TRUST_SECRET) };
  return upstreamTls({ ...mesh, peers: identities.map(uriName), alpn }, 'endpoint');
}

/** mTLS of a workload's own port: a certificate of the mesh is required of every client. */
export function serverMtls(alpn: readonly string[]): TransportSocket {
  return downstreamTls({ certificate: sdsSecret(WORKLOAD_SECRET), roots: sdsSecret(TRUST_SECRET), alpn }, true);
}

/** The SDS name of a Kubernetes Secret with a key pair (Istio). */
export function credentialName(secret: string): string {
  return secret.startsWith(KUBERNETES) ? secret : `${KUBERNETES}${secret}`;
}

/** The SDS name of the roots that a Secret (or the one beside it with `-cacert` in its name) holds (Istio). */
export function credentialRootsName(secret: string): string {
  return `${credentialName(secret)}${ROOTS_SUFFIX}`;
}

const KUBERNETES = 'kubernetes://';
const ROOTS_SUFFIX = '-cacert';

/** What an SDS name of a Secret asks for; undefined for all other names. */
export function parseCredentialName(name: string): { readonly secret: string; readonly roots: boolean } | undefined {
  if (!name.startsWith(KUBERNETES)) return undefined;
  const text = name.slice(KUBERNETES.length);
  const roots = text.endsWith(ROOTS_SUFFIX);
  return { secret: roots ? text.slice(0, -ROOTS_SUFFIX.length) : text, roots };
}

/** All secrets that a Gateway server needs, by their SDS names. */
export function credentialsOf(tls: ServerTlsSettings | undefined): readonly string[] {
  if (!tls) return [];
  const pairs = [tls.credentialName, ...(tls.credentialNames ?? [])].flatMap((name) =>
    name ? credentialName(name) : [],
  );
  const roots = rootsSecretOf(tls);
  return roots === undefined ? pairs : [...pairs, roots];
}

function rootsSecretOf(tls: ServerTlsSettings): string | undefined {
  if (tls.mode !== 'MUTUAL' && tls.mode !== 'OPTIONAL_MUTUAL') return undefined;
  const name = tls.caCertCredentialName || tls.credentialName || tls.credentialNames?.[0];
  return name ? credentialRootsName(name) : undefined;
}

/** TLS that a Gateway server ends: with the mesh's certificate, with Secrets over SDS, or with files of its own. */
export function gatewayTls(tls: ServerTlsSettings, alpn: readonly string[]): TransportSocket {
  if (tls.mode === 'ISTIO_MUTUAL') return serverMtls(alpn);
  const common: CommonTlsContext = create(CommonTlsContextSchema, {
    alpnProtocols: [...alpn],
    tlsParams: parametersOf(tls),
    tlsCertificateSdsSecretConfigs: [tls.credentialName, ...(tls.credentialNames ?? [])].flatMap((name) =>
      name ? sdsSecret(credentialName(name)) : [],
    ),
    tlsCertificates: certificateFiles(tls),
    ...clientRoots(tls),
  });
  return transportSocket({
    name: TLS,
    schema: DownstreamTlsContextSchema,
    config: { commonTlsContext: common, requireClientCertificate: tls.mode === 'MUTUAL' },
  });
}

const VERSIONS: Readonly<Record<string, Version>> = {
  TLSV1_0: Version.TLSv1_0,
  TLSV1_1: Version.TLSv1_1,
  TLSV1_2: Version.TLSv1_2,
  TLSV1_3: Version.TLSv1_3,
};

function parametersOf(tls: ServerTlsSettings): InitOf<typeof TlsParametersSchema> {
  return {
    tlsMinimumProtocolVersion: VERSIONS[tls.minProtocolVersion ?? ''] ?? Version.TLSv1_2,
    tlsMaximumProtocolVersion: VERSIONS[tls.maxProtocolVersion ?? ''] ?? Version.TLS_AUTO,
    cipherSuites: [...(tls.cipherSuites ?? [])],
  };
}

function certificateFiles(tls: ServerTlsSettings): InitOf<typeof TlsCertificateSchema>[] {
  const pairs = [tls, ...(tls.tlsCertificates ?? [])];
  return pairs.flatMap(({ serverCertificate, privateKey }) =>
    serverCertificate && privateKey ? keyPairFiles(serverCertificate, privateKey) : [],
  );
}

function keyPairFiles(certificate: string, key: string): InitOf<typeof TlsCertificateSchema> {
  return {
    certificateChain: { specifier: { case: 'filename', value: certificate } },
    privateKey: { specifier: { case: 'filename', value: key } },
  };
}

type Validation = Pick<InitOf<typeof CommonTlsContextSchema>, 'validationContextType'>;

/** Who may be the client: signed by the roots that are given, and of one of the names. */
function clientRoots(tls: ServerTlsSettings): Validation {
  const names = (tls.subjectAltNames ?? []).map((name) => (name.includes('://') ? uriName(name) : dnsName(name)));
  const secret = rootsSecretOf(tls);
  if (secret) {
    const roots = commonTlsContext({ roots: sdsSecret(secret), peers: names });
    return { validationContextType: roots.validationContextType };
  }
  if (!tls.caCertificates) return {};
  const value = create(CertificateValidationContextSchema, {
    trustedCa: { specifier: { case: 'filename', value: tls.caCertificates } },
    matchTypedSubjectAltNames: names,
  });
  return { validationContextType: { case: 'validationContext', value } };
}

/**
 * TLS as a DestinationRule says it (SIMPLE, MUTUAL), towards servers outside the mesh: the machine's roots by default, and
 * the certificate must be for the name that is called, unless names are given.
 */
export function originatedTls(
  tls: ClientTlsSettings,
  to: { readonly host: string; readonly alpn: readonly string[] },
): TransportSocket {
  const sni = tls.sni || to.host;
  const names = tls.subjectAltNames?.length ? tls.subjectAltNames : [sni];
  const value = create(CertificateValidationContextSchema, {
    trustedCa: { specifier: { case: 'filename', value: tls.caCertificates || SYSTEM_ROOTS } },
    matchTypedSubjectAltNames: names.map((name) => (name.includes('://') ? uriName(name) : dnsName(name))),
  });
  const { clientCertificate, privateKey } = tls;
  const common = create(CommonTlsContextSchema, {
    alpnProtocols: [...to.alpn],
    tlsCertificates:
      tls.mode === 'MUTUAL' && clientCertificate && privateKey ? [keyPairFiles(clientCertificate, privateKey)] : [],
    ...(tls.insecureSkipVerify ? {} : { validationContextType: { case: 'validationContext', value } }),
  });
  return transportSocket({ name: TLS, schema: UpstreamTlsContextSchema, config: { commonTlsContext: common, sni } });
}
