import {
  type CertificateValidationContext,
  SubjectAltNameMatcher_SanType as SanType,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/common_pb.ts';
import type { CommonTlsContext } from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';
import type { Certificate } from './payload.ts';
import { matchesString } from './string-match.ts';

/**
 * What a TLS context checks of its peer's certificate: the part that stands in the context itself. A bundle that only comes
 * over SDS gives an empty context: any certificate of the mesh.
 */
export function validationOf(common: CommonTlsContext | undefined): Partial<CertificateValidationContext> | undefined {
  const type = common?.validationContextType;
  switch (type?.case) {
    case 'validationContext':
      return type.value;
    case 'combinedValidationContext':
      return type.value.defaultValidationContext ?? {};
    case 'validationContextSdsSecretConfig':
      return {};
    default:
      return undefined;
  }
}

/** @returns why the certificate's names are refused, or undefined where they are accepted. */
export function refusalOf(
  validation: Partial<CertificateValidationContext>,
  certificate: Certificate,
): string | undefined {
  const typed = validation.matchTypedSubjectAltNames ?? [];
  const untyped = validation.matchSubjectAltNames ?? [];
  if (typed.length === 0 && untyped.length === 0) return undefined;
  const names = [...certificate.uris, ...certificate.dnsNames];
  const accepted =
    typed.some(({ sanType, matcher }) =>
      namesOfType(sanType, certificate).some((name) => matcher !== undefined && matchesString(matcher, name)),
    ) || untyped.some((matcher) => names.some((name) => matchesString(matcher, name)));
  if (accepted) return undefined;
  const wanted = [...typed.map(({ matcher }) => matcher), ...untyped].map((matcher) =>
    String(matcher?.matchPattern.value),
  );
  return `it names ${names.join(', ') || 'nobody'} and must name one of ${wanted.join(', ')}`;
}

function namesOfType(type: SanType, certificate: Certificate): readonly string[] {
  if (type === SanType.URI) return certificate.uris;
  return type === SanType.DNS ? certificate.dnsNames : [];
}
