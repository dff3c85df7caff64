import type { Resource } from '../model/index.ts';
import type { NodeInfo } from './resource-feed.ts';

/** A refusal as the proxy words it (google.rpc.Status). */
export interface ErrorDetail {
  readonly code: number;
  readonly message: string;
}

/** envoy.service.discovery.v3.DeltaDiscoveryRequest, the fields that are used. */
export interface DeltaRequest {
  /** Only the first request of a stream has to carry it. */
  readonly node: NodeInfo | undefined;
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  /** Name to version of what the proxy holds from an earlier stream. */
  readonly initialVersions: ReadonlyMap<string, string>;
  readonly responseNonce: string;
  readonly error: ErrorDetail | undefined;
}

/** envoy.service.discovery.v3.DiscoveryRequest (state of the world), the fields that are used. */
export interface SotwRequest {
  readonly node: NodeInfo | undefined;
  readonly typeUrl: string;
  readonly versionInfo: string;
  readonly names: readonly string[];
  readonly responseNonce: string;
  readonly error: ErrorDetail | undefined;
}

/** One entry of a delta response. */
export type DeltaItem =
  | { readonly kind: 'resource'; readonly resource: Resource }
  /** A Resource with an alias and no body: "there is none of this name". */
  | { readonly kind: 'none'; readonly name: string; readonly version: string };

export interface DeltaResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly items: readonly DeltaItem[];
  readonly removed: readonly string[];
  readonly controlPlane: string;
}

export interface SotwResponse {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly versionInfo: string;
  readonly resources: readonly Resource[];
  readonly controlPlane: string;
}
