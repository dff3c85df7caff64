import type {
  WeightedCluster_ClusterWeight as ClusterWeight,
  DirectResponseAction,
  RouteAction,
} from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteAction_ClusterNotFoundResponseCode as NotFoundCode } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import {
  OnDemandSchema,
  PerRouteConfigSchema,
} from '../envoy/gen/envoy/extensions/filters/http/on_demand/v3/on_demand_pb.ts';
import { walkCluster } from './cluster-walk.ts';
import { pathOf } from './header-match.ts';
import { type HeaderRules, mutateRequestHeaders, mutateResponseHeaders } from './header-mutation.ts';
import { formatFacts, type HttpExchange, isRouted, type MatchedRoute, perRouteConfig } from './http-exchange.ts';
import type { HttpRequest, Stream } from './payload.ts';
import { redirectOf, rewritePrefix } from './redirect.ts';
import { describePolicies, mirrorsOf } from './route-policies.ts';
import { answer, type Step, withHop, withShare } from './step.ts';
import { substitute } from './string-match.ts';
import type { Outcome, Path } from './trail.ts';
import { typedConfigOf, unpack } from './typed-config.ts';

/** Does what the route says: answers, redirects or forwards. */
export function walkRouter(step: Step, exchange: HttpExchange): readonly Path[] {
  const { routing, request } = exchange;
  if (!isRouted(routing))
    return answer(step, { status: 404, failure: { kind: routing.kind, message: routing.message } });
  const { action } = routing.route;
  switch (action.case) {
    case 'redirect': {
      const { status, location } = redirectOf(action.value, request, routing.route.match);
      return withResponse(answer(step, { status, headers: { location } }), routing, exchange);
    }
    case 'directResponse':
      return withResponse(answer(step, { status: action.value.status, body: bodyOf(action.value) }), routing, exchange);
    case 'route':
      return forward(step, action.value, exchange);
    default:
      return answer(step, { status: 404, failure: { kind: 'no-route', message: 'the route forwards nothing' } });
  }
}

function bodyOf(action: DirectResponseAction): string {
  return action.body?.specifier.case === 'inlineString' ? action.body.specifier.value : '';
}

function withResponse(paths: readonly Path[], routing: MatchedRoute, exchange: HttpExchange): readonly Path[] {
  return respond(paths, levelsOf(routing), exchange);
}

/** Who may change headers, from the most specific one, as Envoy applies them. */
function levelsOf({ route, virtualHost, config }: MatchedRoute): readonly HeaderRules[] {
  return [route, virtualHost, config];
}

function respond(paths: readonly Path[], levels: readonly HeaderRules[], exchange: HttpExchange): readonly Path[] {
  const facts = formatFacts(exchange.downstream, exchange.request);
  return paths.map((path) => ({
    ...path,
    outcome: { ...path.outcome, headers: mutateResponseHeaders(path.outcome.headers, levels, facts) },
  }));
}

interface Destination {
  readonly cluster: string;
  readonly share: number;
  readonly weight: ClusterWeight | undefined;
}

function forward(step: Step, action: RouteAction, exchange: HttpExchange): readonly Path[] {
  if (exchange.request.method === 'CONNECT' && !acceptsConnect(action, exchange)) {
    const message = 'neither the route nor the connection manager takes CONNECT';
    return answer(step, { status: 403, failure: { kind: 'upgrade-refused', message } });
  }
  const { routing } = exchange;
  if (!isRouted(routing)) return [];
  const policies = describePolicies(action, routing.virtualHost);
  const subject = { kind: 'route', name: routing.route.name, resource: routing.resource } as const;
  let at = policies ? withHop(step, subject, policies) : step;
  for (const mirror of mirrorsOf(action, routing)) {
    at = withHop(at, { ...subject, kind: 'mirror', name: mirror.cluster }, mirror.text);
  }
  return destinationsOf(action, exchange.request).flatMap((destination) => {
    const shared =
      destination.share < 1
        ? withHop(
            withShare(at, destination.share),
            subject,
            `sends ${(destination.share * 100).toFixed(1)} % to ${destination.cluster}`,
          )
        : at;
    return forwardTo(shared, { action, exchange, routing, destination });
  });
}

function acceptsConnect(action: RouteAction, exchange: HttpExchange): boolean {
  const upgrade = action.upgradeConfigs.find(({ upgradeType }) => upgradeType.toUpperCase() === 'CONNECT');
  if (upgrade) return upgrade.enabled !== false;
  return exchange.hcm.upgradeConfigs.some(
    ({ upgradeType, enabled }) => upgradeType.toUpperCase() === 'CONNECT' && enabled !== false,
  );
}

/** Does the proxy end the CONNECT here and pass on the bytes inside (`connect_config`)? */
function terminatesConnect(action: RouteAction): boolean {
  return action.upgradeConfigs.some(
    ({ upgradeType, connectConfig }) => upgradeType.toUpperCase() === 'CONNECT' && connectConfig !== undefined,
  );
}

function destinationsOf(action: RouteAction, request: HttpRequest): readonly Destination[] {
  const { clusterSpecifier: specifier } = action;
  if (specifier.case === 'clusterHeader') {
    return [{ cluster: request.headers[specifier.value.toLowerCase()] ?? '', share: 1, weight: undefined }];
  }
  if (specifier.case === 'weightedClusters') {
    const { clusters } = specifier.value;
    const total = clusters.reduce((sum, { weight }) => sum + (weight ?? 0), 0);
    return clusters
      .filter(({ weight }) => (weight ?? 0) > 0)
      .map((weight) => ({
        cluster: weight.name || (request.headers[weight.clusterHeader.toLowerCase()] ?? ''),
        share: (weight.weight ?? 0) / total,
        weight,
      }));
  }
  return [{ cluster: specifier.case === 'cluster' ? specifier.value : '', share: 1, weight: undefined }];
}

interface Forwarding {
  readonly action: RouteAction;
  readonly exchange: HttpExchange;
  readonly routing: MatchedRoute;
  readonly destination: Destination;
}

function forwardTo(step: Step, forwarding: Forwarding): readonly Path[] {
  const { action, exchange, routing, destination } = forwarding;
  const { downstream, request } = exchange;
  const levels = [...(destination.weight ? [destination.weight] : []), ...levelsOf(routing)];
  if (routing.config.mostSpecificHeaderMutationsWins) levels.reverse();
  const facts = { ...formatFacts(downstream, request), cluster: destination.cluster };
  const headers = withoutConsumed(mutateRequestHeaders(request.headers, levels, facts));
  const rewritten = rewrite({ ...request, headers }, forwarding);
  const stream: Stream =
    request.tunnel && terminatesConnect(action)
      ? request.tunnel
      : { tls: [], payload: { kind: 'http', request: rewritten } };
  const paths = walkCluster(step, destination.cluster, {
    stream,
    destination: downstream.connection.destination,
    filterState: downstream.filterState,
    onDemand: asksForClusters(exchange),
    autoHostRewrite: action.hostRewriteSpecifier.case === 'autoHostRewrite' && action.hostRewriteSpecifier.value.value,
  });
  const answered = request.tunnel ? paths : paths.map((path) => ({ ...path, outcome: asAnswer(path.outcome, action) }));
  return respond(answered, levels, exchange);
}

/** The router reads this header after all that is added to a request, and passes it on to nobody (Envoy: router filter). */
const RETRY_ON = 'x-envoy-retry-on';

function withoutConsumed(headers: HttpRequest['headers']): HttpRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== RETRY_ON));
}

/** Has the connection manager an `on_demand` filter that discovers clusters? */
function asksForClusters({ hcm, routing }: HttpExchange): boolean {
  return hcm.httpFilters.some(({ name, configType }) => {
    const own = unpack(perRouteConfig(routing, name), PerRouteConfigSchema)?.odcds;
    return (own ?? unpack(typedConfigOf(configType), OnDemandSchema)?.odcds) !== undefined;
  });
}

function rewrite(request: HttpRequest, { action, routing, destination }: Forwarding): HttpRequest {
  const path = pathOf(request);
  const query = request.path.slice(path.length);
  let rewritten = path;
  if (action.prefixRewrite) rewritten = rewritePrefix(path, routing.route.match, action.prefixRewrite);
  else if (action.regexRewrite) {
    rewritten = substitute(path, action.regexRewrite.pattern?.regex ?? '', action.regexRewrite.substitution);
  }
  return { ...request, path: rewritten + query, authority: rewriteHost(request, action, destination) };
}

function rewriteHost(request: HttpRequest, action: RouteAction, destination: Destination): string {
  const own = destination.weight?.hostRewriteSpecifier;
  if (own?.case === 'hostRewriteLiteral') return own.value;
  const { hostRewriteSpecifier: specifier } = action;
  switch (specifier.case) {
    case 'hostRewriteLiteral':
      return specifier.value;
    case 'hostRewriteHeader':
      return request.headers[specifier.value.toLowerCase()] ?? request.authority;
    case 'hostRewritePathRegex':
      return substitute(pathOf(request), specifier.value.pattern?.regex ?? '', specifier.value.substitution);
    default:
      return request.authority;
  }
}

/** An upstream that does not answer is a 503 to the caller, with Envoy's words. */
function asAnswer(outcome: Outcome, action: RouteAction): Outcome {
  if (outcome.status !== undefined || !outcome.failure) return outcome;
  const { kind } = outcome.failure;
  if (kind === 'cluster-not-found') {
    const { clusterNotFoundResponseCode: code } = action;
    const status = code === NotFoundCode.NOT_FOUND ? 404 : code === NotFoundCode.INTERNAL_SERVER_ERROR ? 500 : 503;
    return { ...outcome, status, body: '' };
  }
  const body = kind === 'no-healthy-upstream' ? 'no healthy upstream' : UPSTREAM_ERROR;
  return { ...outcome, status: 503, body };
}

/** The start of Envoy's text; what follows depends on how the connection ended. */
const UPSTREAM_ERROR = 'upstream connect error or disconnect/reset before headers';
