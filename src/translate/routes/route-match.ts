import type { HttpMatch, StringMatch } from '../../config/index.ts';
import type {
  HeaderMatcherSchema,
  QueryParameterMatcherSchema,
  RouteMatchSchema,
} from '../../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { StringMatcherSchema } from '../../envoy/gen/envoy/type/matcher/v3/string_pb.ts';
import type { InitOf } from '../built.ts';

type Match = InitOf<typeof RouteMatchSchema>;
type StringInit = InitOf<typeof StringMatcherSchema>;

/** Istio's StringMatch as Envoy's; nothing set: undefined (the value only has to be there). */
export function stringMatcher(match: StringMatch): StringInit | undefined {
  if (match.exact !== undefined) return { matchPattern: { case: 'exact', value: match.exact } };
  if (match.prefix !== undefined) return { matchPattern: { case: 'prefix', value: match.prefix } };
  if (match.regex === undefined || match.regex === '*') return undefined;
  return { matchPattern: { case: 'safeRegex', value: { regex: match.regex } } };
}

type HeaderInit = InitOf<typeof HeaderMatcherSchema>;

function headerMatch(name: string, match: StringMatch, invertMatch: boolean): HeaderInit {
  const matcher = stringMatcher(match);
  return {
    name,
    invertMatch,
    headerMatchSpecifier: matcher ? { case: 'stringMatch', value: matcher } : { case: 'presentMatch', value: true },
    // An absent header satisfies "without" (Istio's withoutHeaders).
    ...(invertMatch && matcher ? { treatMissingHeaderAsEmpty: true } : {}),
  };
}

function queryMatch(name: string, match: StringMatch): InitOf<typeof QueryParameterMatcherSchema> {
  const matcher = stringMatcher(match);
  return {
    name,
    queryParameterMatchSpecifier: matcher
      ? { case: 'stringMatch', value: matcher }
      : { case: 'presentMatch', value: true },
  };
}

function pathOf(match: HttpMatch | undefined): Pick<Match, 'pathSpecifier'> {
  const uri = match?.uri ?? {};
  if (uri.exact !== undefined) return { pathSpecifier: { case: 'path', value: uri.exact } };
  if (uri.regex !== undefined) return { pathSpecifier: { case: 'safeRegex', value: { regex: uri.regex } } };
  return { pathSpecifier: { case: 'prefix', value: uri.prefix ?? '/' } };
}

/** A VirtualService's HTTPMatchRequest; undefined matches all. */
export function routeMatch(match: HttpMatch | undefined): Match {
  const entries = (headers: Readonly<Record<string, StringMatch>> | undefined, invert: boolean): HeaderInit[] =>
    Object.entries(headers ?? {}).map(([name, value]) => headerMatch(name, value, invert));
  const pseudo = { ':method': match?.method, ':authority': match?.authority, ':scheme': match?.scheme };
  const pseudoHeaders = Object.entries(pseudo).flatMap(([name, value]) =>
    value ? [headerMatch(name, value, false)] : [],
  );
  return {
    ...pathOf(match),
    ...(match?.ignoreUriCase ? { caseSensitive: false } : {}),
    headers: [...entries(match?.headers, false), ...entries(match?.withoutHeaders, true), ...pseudoHeaders],
    queryParameters: Object.entries(match?.queryParams ?? {}).map(([name, value]) => queryMatch(name, value)),
  };
}

/** Nothing that comes after a route which matches everything can be reached. */
export function matchesAll(match: HttpMatch | undefined): boolean {
  if (!match) return true;
  const { uri, headers, withoutHeaders, queryParams, method, authority, scheme } = match;
  const path = uri === undefined || uri.prefix === '/' || uri.regex === '*' || uri.regex === '.*';
  const none = [headers, withoutHeaders, queryParams].every((part) => Object.keys(part ?? {}).length === 0);
  return path && none && !method && !authority && !scheme;
}
