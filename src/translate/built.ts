import type { ObjectRef } from '../model/index.ts';

/** A message on its way to become a resource, with the objects that decided it. */
export interface Built<T> {
  readonly message: T;
  readonly origins: readonly ObjectRef[];
  /** Other names under which Envoy may ask for it. */
  readonly aliases?: readonly string[];
}
