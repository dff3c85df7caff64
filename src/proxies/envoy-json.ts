import type { SocketAddress } from '../model/index.ts';

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** A TypedExtensionConfig: `typeName` is below `envoy.extensions`. */
export function extension(name: string, typeName: string, fields: JsonObject = {}): JsonObject {
  return { name, typed_config: { '@type': `type.googleapis.com/envoy.extensions.${typeName}`, ...fields } };
}

export function socketAddress({ address, port }: SocketAddress): JsonObject {
  return { socket_address: { address, port_value: port } };
}
