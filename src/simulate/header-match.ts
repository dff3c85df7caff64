import type { HeaderMatcher, QueryParameterMatcher } from '../envoy/gen/envoy/config/route/v3/route_components_pb.ts';
import type { HttpRequest } from './payload.ts';
import { matchesRegex, matchesString } from './string-match.ts';

/** A header or pseudo header; undefined where the request has none. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  switch (name.toLowerCase()) {
    case ':method':
      return request.method;
    case ':authority':
    case 'host':
      return request.authority;
    case ':path':
      return request.path || undefined;
    case ':scheme':
      return request.scheme;
    default:
      return request.headers[name.toLowerCase()];
  }
}

/** The path without query and fragment, as Envoy's path matchers see it. */
export function pathOf(request: HttpRequest): string {
  return request.path.split(/[?#]/, 1)[0] ?? '';
}

/**
 * Envoy's header matching. A missing header matches only "is absent", inverted or not, unless it is to be treated as
 * empty (HeaderMatcher.treat_missing_header_as_empty).
 */
export function matchesHeader(matcher: HeaderMatcher, request: HttpRequest): boolean {
  const found = headerOf(request, matcher.name);
  const { headerMatchSpecifier: specifier, invertMatch: inverted } = matcher;
  const wantsPresent = specifier.case === undefined || (specifier.case === 'presentMatch' && specifier.value);
  const isPresence = specifier.case === undefined || specifier.case === 'presentMatch';
  if (found === undefined && !matcher.treatMissingHeaderAsEmpty) return isPresence && wantsPresent === inverted;
  const value = found ?? '';
  return (isPresence ? wantsPresent : matchesValue(specifier, value)) !== inverted;
}

function matchesValue(specifier: HeaderMatcher['headerMatchSpecifier'], value: string): boolean {
  switch (specifier.case) {
    case 'exactMatch':
      return value === specifier.value;
    case 'prefixMatch':
      return specifier.value !== '' && value.startsWith(specifier.value);
    case 'suffixMatch':
      return specifier.value !== '' && value.endsWith(specifier.value);
    case 'containsMatch':
      return specifier.value !== '' && value.includes(specifier.value);
    case 'safeRegexMatch':
      return matchesRegex(specifier.value.regex, value);
    case 'rangeMatch':
      return (
        /^[+-]?\d{1,19}$/.test(value) && BigInt(value) >= specifier.value.start && BigInt(value) < specifier.value.end
      );
    case 'stringMatch':
      return matchesString(specifier.value, value);
    default:
      return false;
  }
}

/** Query parameters are compared as written, without decoding, and the first of a name counts. */
export function matchesQuery(matcher: QueryParameterMatcher, request: HttpRequest): boolean {
  const value = queryParameters(request).get(matcher.name);
  const specifier = matcher.queryParameterMatchSpecifier;
  if (specifier.case === 'presentMatch') return (value !== undefined) === specifier.value;
  if (value === undefined) return false;
  return specifier.case === 'stringMatch' ? matchesString(specifier.value, value) : true;
}

function queryParameters(request: HttpRequest): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const start = request.path.indexOf('?');
  if (start < 0) return found;
  for (const part of (request.path.slice(start + 1).split('#', 1)[0] ?? '').split('&')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? part : part.slice(0, equals);
    if (name !== '' && !found.has(name)) found.set(name, equals < 0 ? '' : part.slice(equals + 1));
  }
  return found;
}
