import {
  create,
  type DescMessage,
  type Message,
  type MessageInitShape,
  type MessageShape,
  type Registry,
} from '@bufbuild/protobuf';
import { type Any, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';

/** Makes a message and wraps it in a google.protobuf.Any (`type.googleapis.com/<type>`). */
export function pack<Desc extends DescMessage>(schema: Desc, init?: MessageInitShape<Desc>): Any {
  return anyPack(schema, create(schema, init));
}

/**
 * The message in an Any, if it is of the given type.
 * @returns undefined for another type or no Any at all.
 * @throws Error where the bytes are not an encoding of that type.
 */
export function unpack<Desc extends DescMessage>(any: Any | undefined, schema: Desc): MessageShape<Desc> | undefined {
  return any && anyUnpack(any, schema);
}

/**
 * The message in an Any of any type that the registry knows.
 * @returns undefined for an unknown type or no Any at all.
 * @throws Error where the bytes are not an encoding of that type.
 */
export function messageFromAny(any: Any | undefined, registry: Registry): Message | undefined {
  return any && anyUnpack(any, registry);
}
