import type { KubernetesObject } from '../api-server.ts';

/** Where a reflector keeps what an API server has. */
export interface ReflectedObjects {
  readonly size: number;
  /** Why some are not kept; undefined where all are. */
  readonly problem?: string | undefined;
  /** @param apiVersion for objects that do not say it themselves, as those of a list. */
  set(object: KubernetesObject, apiVersion: string): void;
  delete(object: KubernetesObject): void;
  /** Begins a listing: what it does not name until its end is gone. Until then nothing is deleted. */
  listing(): Listing;
  /** Resolves when what was found may be added to; at once where there is no such method. */
  room?(): Promise<void>;
}

/** What one listing names. One that breaks off has no end. */
export interface Listing {
  set(object: KubernetesObject, apiVersion: string): void;
  delete(object: KubernetesObject): void;
  end(): void;
}
