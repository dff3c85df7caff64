import type { ObjectRef } from './object-ref.ts';

/** One Envoy resource, encoded, with the objects that decided it. */
export interface Resource {
  readonly type: string;
  readonly name: string;
  /** Hash of the bytes: equal bodies have equal versions. */
  readonly version: string;
  /** The resource's protobuf encoding (not the Any around it). */
  readonly bytes: Uint8Array;
  /** On-demand resources answer to these names too (VHDS: `<route configuration>/<host>`). */
  readonly aliases: readonly string[];
  readonly origin: readonly ObjectRef[];
}
