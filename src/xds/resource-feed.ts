import type { ObjectRef, Resource } from '../model/index.ts';

/** A value that lives: what it is now, told on change until stopped. */
export interface Subscription<T> {
  readonly current: T;
  stop(): void;
}

/** What one authenticated proxy may subscribe to; the streams know nothing of meshes behind it. */
export interface ResourceFeed {
  /** The names that a wildcard subscription of this type stands for; they change with the mesh. */
  watchNames(type: string, onChange: (names: readonly string[]) => void): Subscription<readonly string[]>;
  /** One resource by name; undefined where there is none (yet). */
  watch(
    type: string,
    name: string,
    onChange: (resource: Resource | undefined) => void,
  ): Subscription<Resource | undefined>;
  /**
   * Proxies whose feeds give equal keys for a resource get equal resources: the last version that one of them took is
   * good for the others. undefined (or no such method): the resource is this proxy's own.
   */
  shareKey?(type: string, name: string): string | undefined;
  /** The proxy went away. */
  close(): void;
}

/** What a proxy says of itself when it opens a stream (envoy.config.core.v3.Node, the parts that are used). */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly locality: { readonly region: string; readonly zone: string; readonly subzone: string };
  /** `1.40.0` */
  readonly version: string;
}

export type Admission =
  | {
      readonly kind: 'admitted';
      readonly feed: ResourceFeed;
      readonly namespace: string;
      readonly pod: string;
      readonly cluster: string;
      /** Milliseconds since the epoch: the stream is ended then, and has to come back with a new proof. Absent: never. */
      readonly expiresAtMs?: number;
    }
  | { readonly kind: 'refused'; readonly reason: string };

/** Decides whether a stream's opener is who it says, from its bearer token, and what it may see. */
export type Admit = (request: {
  readonly authorization: string | undefined;
  readonly node: NodeInfo;
}) => Promise<Admission>;

/** A refused update: one proxy would not take one resource. */
export interface Nack {
  readonly proxy: string;
  readonly type: string;
  readonly resource: string;
  readonly message: string;
  readonly origins: readonly ObjectRef[];
}
