import type { FilterChain } from '../envoy/gen/envoy/config/listener/v3/listener_components_pb.ts';
import type { CommonTlsContext } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { DownstreamTlsContextSchema } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import { refusalOf, validationOf } from './certificate-check.ts';
import type { Certificate, Stream, TlsOffer } from './payload.ts';
import type { FailureKind } from './trail.ts';
import { typedConfigOf, unpack } from './typed-config.ts';
import type { ProxySite } from './world.ts';

/** What becomes of a connection's TLS at a filter chain. */
export type TlsResult =
  /** The chain does not terminate TLS: the bytes go on as they are. */
  | { readonly kind: 'untouched' }
  | {
      readonly kind: 'terminated';
      /** What was inside. */
      readonly stream: Stream;
      readonly peer: Certificate | undefined;
      readonly local: Certificate | undefined;
      readonly text: string;
    }
  | { readonly kind: 'refused'; readonly failure: FailureKind; readonly message: string };

/** Terminates the outermost TLS session as the chain's transport socket says. */
export function terminateTls(chain: FilterChain, stream: Stream, site: ProxySite): TlsResult {
  const context = unpack(
    chain.transportSocket && typedConfigOf(chain.transportSocket.configType),
    DownstreamTlsContextSchema,
  );
  if (!context) return { kind: 'untouched' };
  const [offer, ...inner] = stream.tls;
  if (!offer) return refused('tls-required', 'the listener speaks TLS here and the caller sends plaintext');
  const common = context.commonTlsContext;
  const refusal = clientRefusal(offer, context.requireClientCertificate === true, common);
  if (refusal) return refusal;
  const local = common && certificateOf(common, site);
  const distrust = offer.refuses(local);
  if (distrust !== undefined)
    return refused('certificate-refused', `the caller refuses the server's certificate: ${distrust}`);
  const mutual = context.requireClientCertificate === true || validationOf(common) !== undefined;
  const peer = mutual ? offer.certificate : undefined;
  const who = peer ? ` with ${peer.uris[0] ?? peer.dnsNames[0] ?? 'a certificate without names'}` : '';
  return {
    kind: 'terminated',
    stream: { ...stream, tls: inner },
    peer,
    local,
    text: `terminates ${peer ? 'mutual TLS' : 'TLS'}${who}${offer.sni ? ` (server name ${offer.sni})` : ''}`,
  };
}

function clientRefusal(
  offer: TlsOffer,
  required: boolean,
  common: CommonTlsContext | undefined,
): TlsResult | undefined {
  if (!offer.certificate) {
    return required
      ? refused('certificate-required', 'the listener asks for a client certificate and the caller has none')
      : undefined;
  }
  const validation = validationOf(common);
  const reason = validation && refusalOf(validation, offer.certificate);
  return reason === undefined
    ? undefined
    : refused('certificate-refused', `the listener refuses the caller's certificate: ${reason}`);
}

function refused(failure: FailureKind, message: string): TlsResult {
  return { kind: 'refused', failure, message };
}

/** The certificate that a TLS context presents, as far as it is known. */
export function certificateOf(common: CommonTlsContext, site: ProxySite): Certificate | undefined {
  for (const secret of common.tlsCertificateSdsSecretConfigs) {
    const certificate = site.certificate(secret.name);
    if (certificate) return certificate;
  }
  return undefined;
}
