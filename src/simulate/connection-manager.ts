import type { HttpConnectionManager } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import {
  HttpConnectionManager_CodecType as Codec,
  HttpConnectionManager_ForwardClientCertDetails as ForwardCert,
} from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { withEarlyHeaders } from './early-headers.ts';
import type { Downstream } from './http-exchange.ts';
import { walkHttpFilters } from './http-filters.ts';
import type { HttpRequest, Stream } from './payload.ts';
import { walkRouter } from './router.ts';
import { routeRequest } from './routing.ts';
import { answer, fail, type Step } from './step.ts';
import type { Path } from './trail.ts';
import { portOf, withoutPort } from './virtual-host-match.ts';

/** A connection that an HTTP connection manager reads requests from. */
export interface HttpConnection {
  readonly hcm: HttpConnectionManager;
  readonly downstream: Downstream;
  readonly stream: Stream;
}

/** Reads the request and sends it through routing, filters and router. */
export function walkConnectionManager(step: Step, { hcm, downstream, stream }: HttpConnection): readonly Path[] {
  if (stream.tls.length > 0) return fail(step, 'protocol-error', 'the filter chain expects HTTP and gets TLS');
  if (stream.payload.kind !== 'http') return fail(step, 'protocol-error', 'the filter chain expects HTTP and gets TCP');
  const received = withEarlyHeaders(hcm, downstream, stream.payload.request);
  if (hcm.codecType === Codec.HTTP2 && received.version !== 'h2') {
    return fail(step, 'protocol-error', 'the filter chain expects HTTP/2 and gets HTTP/1.1');
  }
  const remoteAddress = remoteAddressOf(hcm, downstream, received);
  const request = normalise(hcm, downstream, received);
  const exchangeBase = { downstream, hcm, request, remoteAddress };
  return routeRequest(step, { hcm, downstream, request }).flatMap(({ step: at, routing, tlsRedirect }) => {
    if (tlsRedirect) {
      return answer(at, {
        status: 301,
        headers: { location: `https://${withoutPort(request.authority)}${request.path}` },
        failure: { kind: 'tls-redirect', message: 'the virtual host takes only TLS and sends the caller to https' },
      });
    }
    return walkHttpFilters(at, { ...exchangeBase, routing }, walkRouter);
  });
}

/** What the connection manager makes of a request before any filter sees it. */
function normalise(hcm: HttpConnectionManager, downstream: Downstream, received: HttpRequest): HttpRequest {
  const headers: Record<string, string> = { ...received.headers };
  const certificate = clientCertHeader(hcm, downstream, headers['x-forwarded-client-cert']);
  if (certificate === undefined) delete headers['x-forwarded-client-cert'];
  else headers['x-forwarded-client-cert'] = certificate;
  if (hcm.useRemoteAddress === true && !hcm.skipXffAppend) {
    const before = headers['x-forwarded-for'];
    const { address } = downstream.connection.source;
    headers['x-forwarded-for'] = before ? `${before},${address}` : address;
  }
  if (hcm.useRemoteAddress === true || headers['x-forwarded-proto'] === undefined) {
    headers['x-forwarded-proto'] = downstream.tls ? 'https' : 'http';
  }
  const scheme = headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return { ...received, scheme, authority: strippedAuthority(hcm, downstream, received), headers };
}

function strippedAuthority(hcm: HttpConnectionManager, downstream: Downstream, request: HttpRequest): string {
  let { authority } = request;
  if (hcm.stripTrailingHostDot) authority = authority.replace(/\.(?=:\d+$|$)/, '');
  if (hcm.stripPortMode.case === 'stripAnyHostPort' && hcm.stripPortMode.value) return withoutPort(authority);
  const matching = hcm.stripMatchingHostPort && portOf(authority) === downstream.connection.destination.port;
  return matching ? withoutPort(authority) : authority;
}

/** X-Forwarded-Client-Cert as `forward_client_cert_details` says; only the parts that name somebody. */
function clientCertHeader(
  hcm: HttpConnectionManager,
  downstream: Downstream,
  received: string | undefined,
): string | undefined {
  const { peer, local } = downstream;
  const details = hcm.setCurrentClientCertDetails;
  const parts = [
    ...(local?.uris ?? []).map((uri) => `By=${uri}`),
    ...(details?.uri ? (peer?.uris ?? []).map((uri) => `URI=${uri}`) : []),
    ...(details?.dns ? (peer?.dnsNames ?? []).map((name) => `DNS=${name}`) : []),
  ];
  const own = peer ? parts.join(';') : undefined;
  switch (hcm.forwardClientCertDetails) {
    case ForwardCert.ALWAYS_FORWARD_ONLY:
      return received;
    case ForwardCert.FORWARD_ONLY:
      return peer ? received : undefined;
    case ForwardCert.APPEND_FORWARD:
      return peer ? [received, own].filter(Boolean).join(',') : undefined;
    case ForwardCert.SANITIZE_SET:
      return own;
    default:
      return undefined;
  }
}

/** The trusted part of X-Forwarded-For (Envoy: use_remote_address, xff_num_trusted_hops). */
function remoteAddressOf(hcm: HttpConnectionManager, downstream: Downstream, request: HttpRequest): string {
  const direct = downstream.connection.source.address;
  const forwarded = (request.headers['x-forwarded-for'] ?? '').split(',').map((text) => text.trim());
  const hops = hcm.xffNumTrustedHops;
  if (hcm.useRemoteAddress === true) return (hops > 0 ? forwarded.at(-hops) : undefined) || direct;
  return forwarded.at(-(hops + 1)) || direct;
}
