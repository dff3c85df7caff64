import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { pack } from '../any.ts';
import { type AccessLog, AccessLogSchema } from '../gen/envoy/config/accesslog/v3/accesslog_pb.ts';
import { type TransportSocket, TransportSocketSchema } from '../gen/envoy/config/core/v3/base_pb.ts';
import { type TypedExtensionConfig, TypedExtensionConfigSchema } from '../gen/envoy/config/core/v3/extension_pb.ts';
import {
  type Filter,
  FilterSchema,
  type ListenerFilter,
  ListenerFilterSchema,
} from '../gen/envoy/config/listener/v3/listener_components_pb.ts';
import {
  type HttpFilter,
  HttpFilterSchema,
} from '../gen/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.ts';

/*
 * Envoy names an extension by its message's type; the name beside it is for people, for EnvoyFilter patches and for
 * per-route settings, so the canonical names of Envoy's documentation are given.
 */

/** Which extension, with its settings. */
export interface Extension<Desc extends DescMessage> {
  readonly name: string;
  readonly schema: Desc;
  readonly config?: MessageInitShape<Desc>;
}

/** An HTTP filter of a connection manager or of an upstream cluster. */
export function httpFilter<Desc extends DescMessage>(extension: Extension<Desc>): HttpFilter {
  return create(HttpFilterSchema, { name: extension.name, configType: typedConfig(extension) });
}

/** A network filter of a filter chain. */
export function networkFilter<Desc extends DescMessage>(extension: Extension<Desc>): Filter {
  return create(FilterSchema, { name: extension.name, configType: typedConfig(extension) });
}

/** A filter that looks at a connection's first bytes before a filter chain is chosen. */
export function listenerFilter<Desc extends DescMessage>(extension: Extension<Desc>): ListenerFilter {
  return create(ListenerFilterSchema, { name: extension.name, configType: typedConfig(extension) });
}

/** What a connection's bytes go through: TLS, plain text, another listener of the same Envoy. */
export function transportSocket<Desc extends DescMessage>(extension: Extension<Desc>): TransportSocket {
  return create(TransportSocketSchema, { name: extension.name, configType: typedConfig(extension) });
}

/** An access logger. */
export function accessLog<Desc extends DescMessage>(extension: Extension<Desc>): AccessLog {
  return create(AccessLogSchema, { name: extension.name, configType: typedConfig(extension) });
}

/** Any other extension point. */
export function typedExtension<Desc extends DescMessage>(extension: Extension<Desc>): TypedExtensionConfig {
  const { name, schema, config } = extension;
  return create(TypedExtensionConfigSchema, { name, typedConfig: pack(schema, config) });
}

function typedConfig<Desc extends DescMessage>(
  extension: Extension<Desc>,
): { case: 'typedConfig'; value: ReturnType<typeof pack> } {
  return { case: 'typedConfig', value: pack(extension.schema, extension.config) };
}
