import type { HttpConnectionManager } from '../envoy/gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';
import { HeaderMutationSchema } from '../envoy/gen/envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation_pb.ts';
import { mutateRequestHeaders } from './header-mutation.ts';
import { type Downstream, formatFacts } from './http-exchange.ts';
import type { HttpRequest } from './payload.ts';
import { unpack } from './typed-config.ts';

/** What a connection manager does to a request's headers before it looks for a route (early header mutation). */
export function withEarlyHeaders(
  hcm: HttpConnectionManager,
  downstream: Downstream,
  received: HttpRequest,
): HttpRequest {
  const levels = hcm.earlyHeaderMutationExtensions
    .flatMap(({ typedConfig }) => unpack(typedConfig, HeaderMutationSchema)?.mutations ?? [])
    .map(({ action }) => ({
      requestHeadersToAdd: action.case === 'append' ? [action.value] : [],
      requestHeadersToRemove: action.case === 'remove' ? [action.value] : [],
      responseHeadersToAdd: [],
      responseHeadersToRemove: [],
    }));
  return { ...received, headers: mutateRequestHeaders(received.headers, levels, formatFacts(downstream, received)) };
}
