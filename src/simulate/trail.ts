import type { HttpRequest } from './payload.ts';
import type { ResourceName } from './resource-lookup.ts';
import type { AppSite, ProxyKey } from './world.ts';

export type HopKind =
  | 'listener'
  | 'filter-chain'
  | 'tls'
  | 'network-filter'
  | 'http-filter'
  | 'route-configuration'
  | 'virtual-host'
  | 'route'
  | 'mirror'
  | 'cluster'
  | 'endpoint'
  | 'app';

/** One step of a call: where it was, what was decided there. */
export interface Hop {
  readonly proxy: ProxyKey;
  readonly kind: HopKind;
  /** The listener's, chain's, filter's, route's ... own name. */
  readonly name: string;
  /** The resource that decided it; a filter or route belongs to the listener or virtual host it stands in. */
  readonly resource: ResourceName;
  /** A sentence for people. */
  readonly text: string;
}

/** Why a call does not arrive. */
export type FailureKind =
  | 'no-listener'
  | 'no-filter-chain'
  | 'multiple-filter-chains'
  | 'no-virtual-host'
  | 'no-route'
  | 'tls-redirect'
  | 'rbac-denied'
  | 'fault-abort'
  | 'cluster-not-found'
  | 'no-healthy-upstream'
  | 'connection-refused'
  | 'tls-required'
  | 'certificate-required'
  | 'certificate-refused'
  | 'protocol-error'
  | 'upgrade-refused'
  | 'loop'
  | 'not-simulated';

export interface Failure {
  readonly kind: FailureKind;
  readonly proxy: ProxyKey;
  readonly message: string;
}

/** How a call ends, as its caller sees it. */
export interface Outcome {
  /** HTTP status; undefined for TCP, and where the connection is closed without an answer. */
  readonly status?: number;
  /** The body, where a proxy answers by itself. */
  readonly body?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly failure?: Failure;
  readonly app?: AppSite;
  /** The request as the application got it. */
  readonly request?: HttpRequest;
}

/** One way that a call may take, with its probability (0 to 1). */
export interface Path {
  readonly probability: number;
  readonly hops: readonly Hop[];
  readonly outcome: Outcome;
}

/** The way so far. */
export interface Trail {
  readonly probability: number;
  readonly hops: readonly Hop[];
}

export const START: Trail = { probability: 1, hops: [] };
