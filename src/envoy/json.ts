import {
  create,
  createFileRegistry,
  type DescMessage,
  fromBinary,
  type JsonValue,
  type MessageShape,
  type Registry,
  toJson,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { redactJson } from './redact-json.ts';
import { RESOURCE_SCHEMAS } from './resource-schemas.ts';
import type { TypeUrl } from './type-url.ts';

/**
 * A resource as people read it: the protobuf JSON form with the field names of Envoy's documentation and config dump
 * (snake case), with every nested Any unfolded. What Envoy's API marks as sensitive (private keys, passwords, tokens)
 * reads `[redacted]`. Of a type that the registry does not know only `@type` is shown.
 * @param registry from `loadAllTypes`
 * @throws Error where the bytes are not an encoding of that type.
 */
export function resourceToJson(type: TypeUrl, bytes: Uint8Array, registry: Registry): JsonValue {
  const schema: DescMessage = RESOURCE_SCHEMAS[type];
  return messageToJson(schema, fromBinary(schema, bytes), registry);
}

/**
 * The same for any message.
 * @throws Error where a nested Any holds bytes that are not an encoding of its type.
 */
export function messageToJson<Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  registry: Registry,
): JsonValue {
  const open = openRegistry(registry);
  const json = toJson(schema, message, { registry: open, useProtoFieldName: true });
  return redactJson(schema, json, open);
}

/** A registry that has an empty message for every type name it does not know, so that printing does not stop there. */
function openRegistry(registry: Registry): Registry {
  return {
    kind: 'registry',
    get: (typeName) => registry.get(typeName),
    getMessage: (typeName) => registry.getMessage(typeName) ?? emptyMessage(typeName),
    getEnum: (typeName) => registry.getEnum(typeName),
    getExtension: (typeName) => registry.getExtension(typeName),
    getExtensionFor: (extendee, no) => registry.getExtensionFor(extendee, no),
    getService: (typeName) => registry.getService(typeName),
    [Symbol.iterator]: () => registry[Symbol.iterator](),
  };
}

function emptyMessage(typeName: string): DescMessage | undefined {
  const dot = typeName.lastIndexOf('.');
  const file = {
    name: 'unknown.proto',
    syntax: 'proto3',
    package: typeName.slice(0, Math.max(dot, 0)),
    messageType: [{ name: typeName.slice(dot + 1) }],
  };
  return createFileRegistry(create(FileDescriptorSetSchema, { file: [file] })).getMessage(typeName);
}
