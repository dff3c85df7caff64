import { create } from '@bufbuild/protobuf';
import {
  type ListenerFilter,
  type ListenerFilterChainMatchPredicate,
  ListenerFilterChainMatchPredicateSchema,
} from '../gen/envoy/config/listener/v3/listener_components_pb.ts';
import { HttpInspectorSchema } from '../gen/envoy/extensions/filters/listener/http_inspector/v3/http_inspector_pb.ts';
import { OriginalDstSchema } from '../gen/envoy/extensions/filters/listener/original_dst/v3/original_dst_pb.ts';
import { ProxyProtocolSchema } from '../gen/envoy/extensions/filters/listener/proxy_protocol/v3/proxy_protocol_pb.ts';
import { TlsInspectorSchema } from '../gen/envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector_pb.ts';
import { listenerFilter } from './extensions.ts';

/** Tells TLS from plain text and reads SNI and ALPN, without which no filter chain can match on them. */
export function tlsInspector(): ListenerFilter {
  return listenerFilter({ name: 'envoy.filters.listener.tls_inspector', schema: TlsInspectorSchema });
}

/** Tells HTTP/1.1 and HTTP/2 from other plain text. */
export function httpInspector(): ListenerFilter {
  return listenerFilter({ name: 'envoy.filters.listener.http_inspector', schema: HttpInspectorSchema });
}

/** Restores the address a connection was made to before the kernel redirected it. */
export function originalDst(): ListenerFilter {
  return listenerFilter({ name: 'envoy.filters.listener.original_dst', schema: OriginalDstSchema });
}

/** Reads the PROXY protocol's header, from which the client's address comes. */
export function proxyProtocol(): ListenerFilter {
  return listenerFilter({ name: 'envoy.filters.listener.proxy_protocol', schema: ProxyProtocolSchema });
}

/** The same filter, off for connections to these ports. Envoy wants two rules at least for an "or". */
export function offForPorts(filter: ListenerFilter, ports: readonly number[]): ListenerFilter {
  if (ports.length === 0) return filter;
  const rules = ports.map(onPort);
  const [only] = rules;
  const filterDisabled =
    only && rules.length === 1
      ? only
      : create(ListenerFilterChainMatchPredicateSchema, { rule: { case: 'orMatch', value: { rules } } });
  return { ...filter, filterDisabled };
}

function onPort(port: number): ListenerFilterChainMatchPredicate {
  return create(ListenerFilterChainMatchPredicateSchema, {
    rule: { case: 'destinationPortRange', value: { start: port, end: port + 1 } },
  });
}
