import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { contentHash } from './content-hash.ts';

/** A resource's bytes with the version that belongs to them. */
export interface EncodedResource {
  readonly bytes: Uint8Array;
  /** Hash of the bytes: equal bodies have equal versions. */
  readonly version: string;
}

/**
 * Encodes a message once, for every proxy that gets it.
 * Maps are written in the order in which their keys were set, so who builds a map sets its keys in a fixed order.
 * @throws Error where a field holds what its type cannot (such as an integer out of range).
 */
export function encodeResource<Desc extends DescMessage>(
  schema: Desc,
  message: MessageInitShape<Desc>,
): EncodedResource {
  return versioned(toBinary(schema, create(schema, message)));
}

/** The same for bytes that were joined from fragments. */
export function versioned(bytes: Uint8Array): EncodedResource {
  return { bytes, version: contentHash(bytes) };
}
