import type { Labels } from '../selection/type.ts';
import type { HttpFault } from './fault.ts';

/** How requests to some hosts are routed (Istio: networking.istio.io/v1 VirtualService). */
export interface VirtualServiceSpec {
  /** Names as clients call them; empty in a delegate. A wildcard is a whole first label. */
  readonly hosts: readonly string[];
  /** `<namespace>/<name>` of Gateways, or `mesh` for all sidecars. Not given: `mesh`. */
  readonly gateways?: readonly string[];
  /** Tried in order; the first that matches wins. */
  readonly http?: readonly HttpRoute[];
  readonly tls?: readonly TlsRoute[];
  readonly tcp?: readonly TcpRoute[];
  /** Namespaces that see it: `.`, `*` or names. Not given: all. */
  readonly exportTo?: readonly string[];
}

/** One rule for HTTP requests: exactly one of route, redirect, directResponse, delegate. */
export interface HttpRoute {
  readonly name?: string;
  /** Any of these must match; none given matches every request. */
  readonly match?: readonly HttpMatch[];
  readonly route?: readonly HttpRouteDestination[];
  readonly redirect?: HttpRedirect;
  readonly directResponse?: HttpDirectResponse;
  readonly delegate?: { readonly name?: string; readonly namespace?: string };
  readonly rewrite?: HttpRewrite;
  /** For the whole request, retries included. Duration, from 1ms on; not given: none. */
  readonly timeout?: string;
  /** Not given: two retries on connection failures (Istio's default). */
  readonly retries?: HttpRetry;
  readonly fault?: HttpFault;
  readonly mirror?: Destination;
  readonly mirrors?: readonly { readonly destination: Destination; readonly percentage?: Percent }[];
  readonly mirrorPercentage?: Percent;
  /** Deprecated for mirrorPercentage. */
  readonly mirrorPercent?: number;
  readonly mirror_percent?: number;
  readonly corsPolicy?: CorsPolicy;
  readonly headers?: Headers;
}

/** 0.0 to 100.0. */
export interface Percent {
  readonly value?: number;
}

/** At most one is given; none matches everything. */
export interface StringMatch {
  readonly exact?: string;
  readonly prefix?: string;
  /** RE2, over the whole text. */
  readonly regex?: string;
}

/** All that is given must match. */
export interface HttpMatch {
  readonly name?: string;
  readonly uri?: StringMatch;
  readonly ignoreUriCase?: boolean;
  readonly scheme?: StringMatch;
  readonly method?: StringMatch;
  readonly authority?: StringMatch;
  /** By lower-case name; an empty match asks only that the header is there. `@request.auth.claims` reads JWT claims. */
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly withoutHeaders?: Readonly<Record<string, StringMatch>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
  /** The port the client called. */
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
  readonly statPrefix?: string;
}

/** Whom to send traffic to. */
export interface Destination {
  /** A host of the mesh; short names are completed with the namespace of the VirtualService. */
  readonly host: string;
  readonly subset?: string;
  /** Not given: the only port of the host. */
  readonly port?: { readonly number?: number };
}

export interface HttpRouteDestination {
  readonly destination: Destination;
  /** Share of the sum of all weights. Not given: all of it where it is the only destination, else none. */
  readonly weight?: number;
  readonly headers?: Headers;
}

export interface RouteDestination {
  readonly destination: Destination;
  readonly weight?: number;
}

export interface HeaderOperations {
  readonly set?: Readonly<Record<string, string>>;
  readonly add?: Readonly<Record<string, string>>;
  readonly remove?: readonly string[];
}

export interface Headers {
  readonly request?: HeaderOperations;
  readonly response?: HeaderOperations;
}

export interface HttpRedirect {
  /** Replaces the whole path. */
  readonly uri?: string;
  /** Replaces the matched prefix. */
  readonly prefixRewrite?: string;
  readonly authority?: string;
  readonly port?: number;
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT';
  readonly scheme?: string;
  /** Not given: 301. */
  readonly redirectCode?: number;
}

export interface HttpDirectResponse {
  readonly status: number;
  /** `bytes` is base64. */
  readonly body?: { readonly string?: string; readonly bytes?: string };
}

export interface HttpRewrite {
  /** Replaces the matched prefix, or the whole path of an exact or regex match. */
  readonly uri?: string;
  readonly authority?: string;
  readonly uriRegexRewrite?: { readonly match?: string; readonly rewrite?: string };
}

export interface HttpRetry {
  readonly attempts?: number;
  /** Duration. Not given: the route's timeout. */
  readonly perTryTimeout?: string;
  /** Envoy's retry conditions and status codes, separated by commas. */
  readonly retryOn?: string;
  readonly retryRemoteLocalities?: boolean;
  readonly retryIgnorePreviousHosts?: boolean;
  /** Duration of the first wait between tries. */
  readonly backoff?: string;
}

export interface CorsPolicy {
  readonly allowOrigins?: readonly StringMatch[];
  /** Deprecated for allowOrigins. */
  readonly allowOrigin?: readonly string[];
  readonly allowMethods?: readonly string[];
  readonly allowHeaders?: readonly string[];
  readonly exposeHeaders?: readonly string[];
  /** Duration, in whole seconds. */
  readonly maxAge?: string;
  readonly allowCredentials?: boolean;
  readonly unmatchedPreflights?: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE';
}

export interface TlsRoute {
  readonly match: readonly TlsMatch[];
  readonly route?: readonly RouteDestination[];
}

export interface TlsMatch {
  readonly sniHosts: readonly string[];
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}

export interface TcpRoute {
  readonly match?: readonly TcpMatch[];
  readonly route?: readonly RouteDestination[];
}

export interface TcpMatch {
  readonly destinationSubnets?: readonly string[];
  readonly port?: number;
  readonly sourceLabels?: Labels;
  readonly sourceSubnet?: string;
  readonly sourceNamespace?: string;
  readonly gateways?: readonly string[];
}
