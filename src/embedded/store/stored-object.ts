import type { ConfigObject } from '../../config/index.ts';
import type { RawObject } from '../../model/index.ts';
import type { Overlay } from './overlay.ts';

/** An object as the store keeps it. */
export interface StoredObject {
  /** As its author wrote it. */
  readonly base: RawObject;
  /** What controllers added. */
  readonly overlay: Overlay;
  /** Both together. */
  readonly raw: RawObject;
  /** Typed, for kinds that the mesh acts on. */
  readonly object: ConfigObject | undefined;
  /** New for every object that is created, also under a name that was there before. */
  readonly uid: string;
  /** Counts up with every change of the store. */
  readonly resourceVersion: number;
}

/** What the store is asked for by name. */
export interface ObjectName {
  readonly kind: string;
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string;
  readonly name: string;
}

export type StoreAction = 'created' | 'configured' | 'unchanged' | 'deleted' | 'refused' | 'not-found';

/** The API group of `networking.istio.io/v1`; empty for Kubernetes' core. */
export function groupOf(apiVersion: string): string {
  return apiVersion.slice(0, Math.max(apiVersion.lastIndexOf('/'), 0));
}

/** One object of a cluster by API group, kind, namespace and name: versions of a group are the same object. */
export function storeKeyOf(raw: Pick<RawObject, 'apiVersion' | 'ref'>): string {
  return keyIn(groupOf(raw.apiVersion), raw.ref);
}

/** The key of the object of that name in an API group. */
export function keyIn(group: string, { kind, namespace, name }: ObjectName): string {
  return `${group}/${kind}/${namespace}/${name}`;
}

/** The whole document as an API server would give it: with uid, creation time and version. */
export function formatStoredBody(stored: StoredObject): Readonly<Record<string, unknown>> {
  const { raw, uid, resourceVersion } = stored;
  const given = raw.body['metadata'];
  const metadata = {
    ...(typeof given === 'object' && given !== null ? given : {}),
    ...(raw.ref.namespace === '' ? {} : { namespace: raw.ref.namespace }),
    uid,
    resourceVersion: String(resourceVersion),
    creationTimestamp: formatTime(raw.meta.createdAtMs),
  };
  return { ...raw.body, metadata };
}

/** RFC 3339 with seconds, as Kubernetes writes times. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
