import type { ClusterId } from './ids.ts';

/** Which object, in which cluster: what origins, diagnostics and status point to. */
export interface ObjectRef {
  readonly cluster: ClusterId;
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

/** `cluster1/VirtualService/default/reviews`: a table key and what a person reads. */
export function formatObjectRef(ref: ObjectRef): string {
  return `${ref.cluster}/${ref.kind}/${ref.namespace}/${ref.name}`;
}

/** @returns undefined where the text has not the four parts that {@link formatObjectRef} writes. */
export function parseObjectRef(text: string): ObjectRef | undefined {
  const [cluster, kind, namespace, name, ...rest] = text.split('/');
  if (!cluster || !kind || namespace === undefined || !name || rest.length > 0) return undefined;
  return { cluster: cluster as ClusterId, kind, namespace, name };
}

/** Where an object was read: a file with the line its document starts at, an API server, or code. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'kubernetes'; readonly resourceVersion: string }
  | { readonly kind: 'generated'; readonly by: string };

/** Metadata that every object has, as Kubernetes' ObjectMeta names it. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch; 0 where the source knows none. Older objects win conflicts, as in Istio. */
  readonly createdAtMs: number;
  /** Which object of that name it is, over time. Only an API server gives one; a uid in a file is somebody else's. */
  readonly uid?: string;
}

/** A line and column, both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** An object as a source read it: nothing checked but that it has a kind and a name. */
export interface RawObject {
  readonly ref: ObjectRef;
  readonly apiVersion: string;
  readonly meta: ObjectMeta;
  /** The whole document as plain data (apiVersion, kind, metadata, spec, ...). */
  readonly body: Readonly<Record<string, unknown>>;
  readonly origin: Origin;
  /** Where the value at a path stands (`['spec', 'http', 0]`), for messages; undefined where the source has no text. */
  readonly positionOf?: (path: readonly (string | number)[]) => Position | undefined;
}
