import type { LabelSelector, PolicyTargetReference } from '../selection/type.ts';

/** Patches to the Envoy resources that the mesh makes (Istio: networking.istio.io/v1alpha3 EnvoyFilter). */
export interface EnvoyFilterSpec {
  readonly workloadSelector?: LabelSelector;
  readonly targetRefs?: readonly PolicyTargetReference[];
  readonly configPatches?: readonly EnvoyConfigPatch[];
  /** Lower ones come first. Not given: 0. */
  readonly priority?: number;
}

export type ApplyTo =
  | 'INVALID'
  | 'LISTENER'
  | 'FILTER_CHAIN'
  | 'NETWORK_FILTER'
  | 'HTTP_FILTER'
  | 'ROUTE_CONFIGURATION'
  | 'VIRTUAL_HOST'
  | 'HTTP_ROUTE'
  | 'CLUSTER'
  | 'EXTENSION_CONFIG'
  | 'BOOTSTRAP'
  | 'LISTENER_FILTER';

export interface EnvoyConfigPatch {
  readonly applyTo?: ApplyTo;
  readonly match?: EnvoyPatchMatch;
  readonly patch?: EnvoyPatch;
}

export interface EnvoyPatch {
  readonly operation?:
    | 'INVALID'
    | 'MERGE'
    | 'ADD'
    | 'REMOVE'
    | 'INSERT_BEFORE'
    | 'INSERT_AFTER'
    | 'INSERT_FIRST'
    | 'REPLACE'
    | 'MERGE_AND_REPLACE_LIST';
  /** The Envoy message in its JSON form. */
  readonly value?: Readonly<Record<string, unknown>>;
  readonly filterClass?: 'UNSPECIFIED' | 'AUTHN' | 'AUTHZ' | 'STATS';
}

/** All that is given must match. */
export interface EnvoyPatchMatch {
  readonly context?: 'ANY' | 'SIDECAR_INBOUND' | 'SIDECAR_OUTBOUND' | 'GATEWAY' | 'WAYPOINT';
  readonly proxy?: { readonly proxyVersion?: string; readonly metadata?: Readonly<Record<string, string>> };
  readonly listener?: {
    readonly portNumber?: number;
    readonly portName?: string;
    readonly name?: string;
    readonly listenerFilter?: string;
    readonly filterChain?: {
      readonly name?: string;
      readonly sni?: string;
      readonly transportProtocol?: string;
      readonly applicationProtocols?: string;
      readonly destinationPort?: number;
      readonly filter?: { readonly name?: string; readonly subFilter?: { readonly name?: string } };
    };
  };
  readonly routeConfiguration?: {
    readonly portNumber?: number;
    readonly portName?: string;
    readonly gateway?: string;
    readonly name?: string;
    readonly vhost?: {
      readonly name?: string;
      readonly domainName?: string;
      readonly route?: {
        readonly name?: string;
        readonly action?: 'ANY' | 'ROUTE' | 'REDIRECT' | 'DIRECT_RESPONSE';
      };
    };
  };
  readonly cluster?: {
    readonly portNumber?: number;
    readonly service?: string;
    readonly subset?: string;
    readonly name?: string;
  };
  readonly waypoint?: {
    readonly filter?: { readonly name?: string; readonly subFilter?: { readonly name?: string } };
    readonly portNumber?: number;
    readonly route?: { readonly name?: string };
  };
}
