import type { Route, RouteMatch, VirtualHost } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import {
  FractionalPercent_DenominatorType as Denominator,
  type FractionalPercent,
} from '../envoy/gen/envoy/type/v3/percent_pb.ts';
import { matchesHeader, matchesQuery, pathOf } from './header-match.ts';
import type { HttpRequest } from './payload.ts';
import { matchesRegex, matchesString } from './string-match.ts';

/** A route that may take the request, with the share of requests that it takes (0 to 1). */
export interface RouteShare {
  readonly route: Route | undefined;
  readonly share: number;
}

/** What of the connection a route may ask for. */
export interface RouteFacts {
  readonly request: HttpRequest;
  readonly clientCertificate: boolean;
  readonly filterState: ReadonlyMap<string, string>;
}

/**
 * The first route that matches takes the request; a route with a runtime fraction takes its part and leaves the rest to
 * those behind it. The shares add up to 1; a share without route is what no route takes.
 */
export function chooseRoutes(virtualHost: VirtualHost, facts: RouteFacts): readonly RouteShare[] {
  const shares: RouteShare[] = [];
  let left = 1;
  for (const route of virtualHost.routes) {
    if (!route.match || !matchesRoute(route.match, facts)) continue;
    const fraction = route.match.runtimeFraction?.defaultValue;
    const share = fraction ? fractionOf(fraction) : 1;
    if (share > 0) shares.push({ route, share: left * share });
    left *= 1 - share;
    if (left <= 0) return shares;
  }
  return [...shares, { route: undefined, share: left }];
}

/** 0 to 1. */
export function fractionOf(percent: FractionalPercent): number {
  const whole =
    percent.denominator === Denominator.MILLION
      ? 1_000_000
      : percent.denominator === Denominator.TEN_THOUSAND
        ? 10_000
        : 100;
  return Math.min(1, percent.numerator / whole);
}

function matchesRoute(match: RouteMatch, facts: RouteFacts): boolean {
  const { request } = facts;
  return (
    matchesPath(match, request) &&
    match.headers.every((header) => matchesHeader(header, request)) &&
    match.queryParameters.every((parameter) => matchesQuery(parameter, request)) &&
    match.cookies.every((cookie) => {
      const value = cookieOf(request, cookie.name);
      return (
        value !== undefined && (!cookie.stringMatch || matchesString(cookie.stringMatch, value)) !== cookie.invertMatch
      );
    }) &&
    (!match.grpc || (request.headers['content-type'] ?? '').startsWith('application/grpc')) &&
    (match.tlsContext?.presented === undefined || match.tlsContext.presented === facts.clientCertificate) &&
    match.filterState.every(
      (state) =>
        state.matcher.case === 'stringMatch' &&
        matchesString(state.matcher.value, facts.filterState.get(state.key) ?? ''),
    ) &&
    // Nothing here sets dynamic metadata before routes are chosen.
    match.dynamicMetadata.every((metadata) => metadata.invert)
  );
}

/** A request without a path (CONNECT) is only for routes that say so. */
function matchesPath(match: RouteMatch, request: HttpRequest): boolean {
  const { pathSpecifier: specifier } = match;
  if (specifier.case === 'connectMatcher') return request.method === 'CONNECT';
  if (request.path === '') return false;
  const path = pathOf(request);
  const fold = (text: string): string => (match.caseSensitive === false ? text.toLowerCase() : text);
  switch (specifier.case) {
    case 'path':
      return fold(path) === fold(specifier.value);
    case 'prefix':
      return fold(path).startsWith(fold(specifier.value));
    case 'pathSeparatedPrefix':
      return fold(path) === fold(specifier.value) || fold(path).startsWith(`${fold(specifier.value)}/`);
    case 'safeRegex':
      return matchesRegex(specifier.value.regex, path);
    default:
      return false;
  }
}

function cookieOf(request: HttpRequest, name: string): string | undefined {
  for (const part of (request.headers['cookie'] ?? '').split(';')) {
    const [key = '', ...value] = part.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}

/** A route in words, for hops: its name, else what it matches. */
export function describeMatch(match: RouteMatch | undefined): string {
  if (!match) return 'nothing';
  const { pathSpecifier: specifier } = match;
  const path =
    specifier.case === 'safeRegex'
      ? `path ~ ${specifier.value.regex}`
      : specifier.case === 'connectMatcher'
        ? 'CONNECT'
        : typeof specifier.value === 'string'
          ? `${specifier.case === 'path' ? 'path =' : 'path prefix'} ${specifier.value}`
          : 'any path';
  const headers = match.headers.map((header) => `header ${header.invertMatch ? 'not ' : ''}${header.name}`);
  const query = match.queryParameters.map((parameter) => `query ${parameter.name}`);
  return [path, ...headers, ...query].join(', ');
}
