import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { pack } from '../any.ts';
import type { Http1ProtocolOptions, Http2ProtocolOptions } from '../gen/envoy/config/core/v3/protocol_pb.ts';
import {
  type HttpProtocolOptions,
  HttpProtocolOptionsSchema,
} from '../gen/envoy/extensions/upstreams/http/v3/http_protocol_options_pb.ts';

/** The key of {@link httpProtocolOptions} in a cluster's `typedExtensionProtocolOptions`. */
export const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

type Init = Exclude<MessageInitShape<typeof HttpProtocolOptionsSchema>, HttpProtocolOptions>;

/**
 * Which HTTP a cluster is spoken to with.
 * `http1`, `http2`: always. `alpn`: what TLS agrees on. `downstream`: what the client of the request spoke.
 */
export type UpstreamHttp =
  | { readonly kind: 'http1'; readonly http1?: Http1ProtocolOptions }
  | { readonly kind: 'http2'; readonly http2?: Http2ProtocolOptions }
  | { readonly kind: 'alpn' }
  | { readonly kind: 'downstream' };

/** A cluster's `typedExtensionProtocolOptions`. `rest` is for idle timeouts, upstream filters and the like. */
export function httpProtocolOptions(upstream: UpstreamHttp, rest: Init = {}): Record<string, Any> {
  const options: Init = { ...rest, upstreamProtocolOptions: upstreamProtocol(upstream) };
  return { [HTTP_PROTOCOL_OPTIONS]: pack(HttpProtocolOptionsSchema, options) };
}

function upstreamProtocol(upstream: UpstreamHttp): NonNullable<Init['upstreamProtocolOptions']> {
  switch (upstream.kind) {
    case 'http1':
      return explicit({ case: 'httpProtocolOptions', value: upstream.http1 ?? {} });
    case 'http2':
      return explicit({ case: 'http2ProtocolOptions', value: upstream.http2 ?? {} });
    case 'alpn':
      return { case: 'autoConfig', value: { httpProtocolOptions: {}, http2ProtocolOptions: {} } };
    case 'downstream':
      return {
        case: 'useDownstreamProtocolConfig',
        value: { httpProtocolOptions: {}, http2ProtocolOptions: {} },
      };
  }
}

type Explicit = Extract<NonNullable<Init['upstreamProtocolOptions']>, { case: 'explicitHttpConfig' }>;

function explicit(
  protocolConfig: Exclude<Explicit['value'], { $typeName: string }>['protocolConfig'] & object,
): Explicit {
  return { case: 'explicitHttpConfig', value: { protocolConfig } };
}
