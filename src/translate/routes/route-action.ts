import type { ConsistentHash, Headers, HttpRetry, HttpRoute } from '../../config/index.ts';
import type { HeaderValueOptionSchema } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import { HeaderValueOption_HeaderAppendAction } from '../../envoy/gen/envoy/config/core/v3/base_pb.ts';
import {
  RedirectAction_RedirectResponseCode,
  type RedirectActionSchema,
  type RetryPolicySchema,
  type RouteActionSchema,
  type RouteSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { PreviousHostsPredicateSchema } from '../../envoy/gen/envoy/extensions/retry/host/previous_hosts/v3/previous_hosts_pb.ts';
import { FractionalPercent_DenominatorType } from '../../envoy/gen/envoy/type/v3/percent_pb.ts';
import { durationFromMs, pack } from '../../envoy/index.ts';
import type { InitOf } from '../built.ts';
import { durationMs } from '../clusters/traffic-policy.ts';
import { REFUSED_HEADER } from '../listeners/connection-manager.ts';
import { BLACK_HOLE_CLUSTER } from '../names.ts';

type RouteInit = InitOf<typeof RouteSchema>;
type ActionInit = InitOf<typeof RouteActionSchema>;

/** Turns a destination of a VirtualService into an Envoy cluster's name. */
export type ClusterNameOf = (destination: NonNullable<HttpRoute['route']>[number]['destination']) => string;

/** Parts per million keep a percentage exact to four places. */
export function fraction(percent: number): { numerator: number; denominator: FractionalPercent_DenominatorType } {
  return { numerator: Math.round(percent * 10_000), denominator: FractionalPercent_DenominatorType.MILLION };
}

/** Istio's default retries: twice, only where the request cannot have had an effect, and on another host. */
const DEFAULT_RETRY: HttpRetry = {
  attempts: 2,
  retryOn: 'connect-failure,refused-stream,unavailable,cancelled,reset-before-request',
};

/**
 * Requests that may have arrived, on a connection that broke before any answer, are sent again if their method is safe (RFC 9110,
 * section 9.2.2); only where nobody has said what is to be retried. A retry policy of Envoy's knows no methods, but the router
 * adds to it what this header says, and passes it on to nobody.
 */
const RETRY_SAFE_METHODS: InitOf<typeof HeaderValueOptionSchema> = {
  header: { key: 'x-envoy-retry-on', value: "%CEL(request.method in ['GET', 'HEAD', 'OPTIONS'] ? 'reset' : '')%" },
  appendAction: HeaderValueOption_HeaderAppendAction.APPEND_IF_EXISTS_OR_ADD,
};

/** What the default retries want of a route that forwards requests. */
export function retryHeaders({ retries }: HttpRoute): readonly InitOf<typeof HeaderValueOptionSchema>[] {
  return retries ? [] : [RETRY_SAFE_METHODS];
}

export function retryPolicy(given: HttpRetry | undefined): InitOf<typeof RetryPolicySchema> | undefined {
  const retry = given ?? DEFAULT_RETRY;
  const attempts = retry.attempts ?? DEFAULT_RETRY.attempts ?? 0;
  if (attempts === 0) return undefined;
  const words = (retry.retryOn || DEFAULT_RETRY.retryOn || '').split(',').map((word) => word.trim());
  const codes = words.filter((word) => /^\d{3}$/.test(word)).map(Number);
  const conditions = words.filter((word) => !/^\d{3}$/.test(word));
  return {
    retryOn: [
      ...new Set([...conditions, ...(codes.length > 0 ? ['retriable-status-codes'] : []), 'retriable-headers']),
    ].join(','),
    // No application has seen a request that is answered so: it can always be sent again.
    retriableHeaders: [{ name: REFUSED_HEADER, headerMatchSpecifier: { case: 'presentMatch', value: true } }],
    numRetries: attempts,
    retriableStatusCodes: codes,
    hostSelectionRetryMaxAttempts: 5n,
    retryHostPredicate: [
      {
        name: 'envoy.retry_host_predicates.previous_hosts',
        configType: { case: 'typedConfig', value: pack(PreviousHostsPredicateSchema, {}) },
      },
    ],
    ...(retry.perTryTimeout ? { perTryTimeout: durationFromMs(durationMs(retry.perTryTimeout, 0)) } : {}),
    ...(retry.backoff ? { retryBackOff: { baseInterval: durationFromMs(durationMs(retry.backoff, 25)) } } : {}),
  };
}

type HeaderOptions = InitOf<typeof HeaderValueOptionSchema>[];

function headerOptions(values: Readonly<Record<string, string>> | undefined, add: boolean): HeaderOptions {
  const { APPEND_IF_EXISTS_OR_ADD, OVERWRITE_IF_EXISTS_OR_ADD } = HeaderValueOption_HeaderAppendAction;
  return Object.entries(values ?? {})
    .filter(([key]) => !isAuthority(key))
    .map(([key, value]) => ({
      header: { key, value },
      appendAction: add ? APPEND_IF_EXISTS_OR_ADD : OVERWRITE_IF_EXISTS_OR_ADD,
    }));
}

function isAuthority(name: string): boolean {
  return name.toLowerCase() === 'host' || name.toLowerCase() === ':authority';
}

type HeaderParts = Pick<
  RouteInit,
  'requestHeadersToAdd' | 'requestHeadersToRemove' | 'responseHeadersToAdd' | 'responseHeadersToRemove'
>;

export function headerParts(headers: Headers | undefined): HeaderParts {
  const { request, response } = headers ?? {};
  return {
    requestHeadersToAdd: [...headerOptions(request?.set, false), ...headerOptions(request?.add, true)],
    requestHeadersToRemove: [...(request?.remove ?? [])],
    responseHeadersToAdd: [...headerOptions(response?.set, false), ...headerOptions(response?.add, true)],
    responseHeadersToRemove: [...(response?.remove ?? [])],
  };
}

/** `host` among the headers to set rewrites the authority (Istio). */
function authorityOf(headers: Headers | undefined): string | undefined {
  return Object.entries(headers?.request?.set ?? {}).find(([key]) => isAuthority(key))?.[1];
}

/** Destinations with weights; a single one carries all, whatever its weight (Istio). */
function clusterSpecifier(route: HttpRoute, nameOf: ClusterNameOf): Pick<ActionInit, 'clusterSpecifier'> {
  const destinations = route.route ?? [];
  const weighted = destinations.length > 1 ? destinations.filter(({ weight = 0 }) => weight > 0) : destinations;
  const [first] = weighted;
  if (!first || (weighted.length === 1 && !first.headers)) {
    return { clusterSpecifier: { case: 'cluster', value: first ? nameOf(first.destination) : BLACK_HOLE_CLUSTER } };
  }
  const clusters = weighted.map(({ destination, weight, headers }) => {
    const host = authorityOf(headers);
    return {
      name: nameOf(destination),
      weight: weighted.length === 1 ? 100 : (weight ?? 0),
      ...headerParts(headers),
      ...(host ? { hostRewriteSpecifier: { case: 'hostRewriteLiteral' as const, value: host } } : {}),
    };
  });
  return { clusterSpecifier: { case: 'weightedClusters', value: { clusters } } };
}

function rewriteParts(route: HttpRoute): Partial<ActionInit> {
  const { uri, authority, uriRegexRewrite } = route.rewrite ?? {};
  const host = authority ?? authorityOf(route.headers);
  return {
    ...(uriRegexRewrite
      ? {
          regexRewrite: {
            pattern: { regex: uriRegexRewrite.match ?? '' },
            substitution: uriRegexRewrite.rewrite ?? '',
          },
        }
      : {}),
    ...(uri && !uriRegexRewrite ? { prefixRewrite: uri } : {}),
    ...(host ? { hostRewriteSpecifier: { case: 'hostRewriteLiteral', value: host } } : {}),
  };
}

function mirrors(route: HttpRoute, nameOf: ClusterNameOf): NonNullable<ActionInit['requestMirrorPolicies']> {
  const single = route.mirror
    ? [
        {
          destination: route.mirror,
          percentage: route.mirrorPercentage ?? { value: route.mirrorPercent ?? route.mirror_percent ?? 100 },
        },
      ]
    : [];
  return [...single, ...(route.mirrors ?? [])]
    .filter(({ percentage }) => (percentage?.value ?? 100) > 0)
    .map(({ destination, percentage }) => ({
      cluster: nameOf(destination),
      runtimeFraction: { defaultValue: fraction(percentage?.value ?? 100) },
    }));
}

/** What a DestinationRule's consistent hash hashes (Istio: LoadBalancerSettings.ConsistentHashLB). */
export function hashPolicy(hash: ConsistentHash | undefined): NonNullable<ActionInit['hashPolicy']> {
  if (hash?.httpHeaderName)
    return [{ policySpecifier: { case: 'header', value: { headerName: hash.httpHeaderName } } }];
  if (hash?.httpCookie) {
    const { name, path, ttl } = hash.httpCookie;
    // Without a time to live Envoy would make no cookie; zero makes one for the session (Envoy: HashPolicy.Cookie).
    const cookie = {
      name,
      path: path ?? '',
      ...(ttl === undefined ? {} : { ttl: durationFromMs(durationMs(ttl, 0)) }),
    };
    return [{ policySpecifier: { case: 'cookie', value: cookie } }];
  }
  if (hash?.useSourceIp) return [{ policySpecifier: { case: 'connectionProperties', value: { sourceIp: true } } }];
  if (hash?.httpQueryParameterName) {
    return [{ policySpecifier: { case: 'queryParameter', value: { name: hash.httpQueryParameterName } } }];
  }
  return [];
}

/** The action of a route that goes to destinations. Time-outs: none unless set, as in Istio. */
export function forwardAction(route: HttpRoute, nameOf: ClusterNameOf): ActionInit {
  const retry = retryPolicy(route.retries);
  return {
    ...clusterSpecifier(route, nameOf),
    ...rewriteParts(route),
    timeout: durationFromMs(durationMs(route.timeout, 0)),
    ...(route.timeout
      ? { maxStreamDuration: { maxStreamDuration: durationFromMs(durationMs(route.timeout, 0)) } }
      : {}),
    ...(retry ? { retryPolicy: retry } : {}),
    requestMirrorPolicies: mirrors(route, nameOf),
  };
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 };

const REDIRECT_CODES: Readonly<Record<number, RedirectAction_RedirectResponseCode>> = {
  301: RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
  302: RedirectAction_RedirectResponseCode.FOUND,
  303: RedirectAction_RedirectResponseCode.SEE_OTHER,
  307: RedirectAction_RedirectResponseCode.TEMPORARY_REDIRECT,
  308: RedirectAction_RedirectResponseCode.PERMANENT_REDIRECT,
};

export function redirectAction(redirect: NonNullable<HttpRoute['redirect']>): InitOf<typeof RedirectActionSchema> {
  const { uri, prefixRewrite, authority, derivePort, scheme, redirectCode = 301 } = redirect;
  const port = redirect.port || (derivePort === 'FROM_PROTOCOL_DEFAULT' ? DEFAULT_PORTS[scheme ?? ''] : undefined);
  return {
    responseCode: REDIRECT_CODES[redirectCode] ?? RedirectAction_RedirectResponseCode.MOVED_PERMANENTLY,
    ...(authority ? { hostRedirect: authority } : {}),
    ...(port ? { portRedirect: port } : {}),
    ...(scheme ? { schemeRewriteSpecifier: { case: 'schemeRedirect', value: scheme } } : {}),
    ...(prefixRewrite
      ? { pathRewriteSpecifier: { case: 'prefixRewrite', value: prefixRewrite } }
      : uri
        ? { pathRewriteSpecifier: { case: 'pathRedirect', value: uri } }
        : {}),
  };
}
