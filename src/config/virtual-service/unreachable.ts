import type { Report } from '../object-report.ts';
import { formatPath, type Path } from '../schema/path.ts';
import type { HttpMatch, HttpRoute, StringMatch, VirtualServiceSpec } from './type.ts';

/** Reports rules that never match because an earlier one takes all their traffic. */
export function reportUnreachable(spec: VirtualServiceSpec, report: Report): void {
  reportRules(spec.http ?? [], ['spec', 'http'], report);
  reportRules(spec.tls ?? [], ['spec', 'tls'], report);
  reportRules(spec.tcp ?? [], ['spec', 'tcp'], report);
  reportCovered(spec.http ?? [], report);
}

function reportRules(rules: readonly { readonly match?: readonly object[] }[], path: Path, report: Report): void {
  const seen = new Map<string, number>();
  let catchAll: number | undefined;
  rules.forEach((rule, index) => {
    const place = [...path, index];
    if (catchAll !== undefined) {
      unreachable(place, `rule ${catchAll} before it has no match and takes everything`, report);
      return;
    }
    if (!rule.match?.length) {
      catchAll = index;
      return;
    }
    rule.match.forEach((match, matchIndex) => {
      const { name: _name, ...conditions } = match as { readonly name?: string };
      const text = JSON.stringify(sortKeys(conditions));
      const before = seen.get(text);
      if (before === undefined) seen.set(text, index);
      else unreachable([...place, 'match', matchIndex], `rule ${before} has the same match`, report);
    });
  });
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [key, sortKeys(child)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function unreachable(path: Path, why: string, report: Report): void {
  report.add('PEL3015', { field: formatPath(path), problem: why }, path);
}

interface PlacedMatch {
  readonly match: HttpMatch;
  readonly path: Path;
}

/** Matches by a prefix of the path that an earlier, shorter prefix takes already. */
function reportCovered(routes: readonly HttpRoute[], report: Report): void {
  const matches = routes.flatMap((route, index) =>
    (route.match ?? []).map(
      (match, matchIndex): PlacedMatch => ({ match, path: ['spec', 'http', index, 'match', matchIndex] }),
    ),
  );
  const byPrefix = matches.filter(({ match }) => match.uri?.prefix);
  byPrefix.forEach((later, index) => {
    const earlier = byPrefix.slice(0, index).find((candidate) => covers(candidate.match, later.match));
    if (!earlier) return;
    const why = `${formatPath(earlier.path)} takes the prefix ${earlier.match.uri?.prefix} before it`;
    unreachable(later.path, why, report);
  });
}

/** Does every request of `later` match `earlier` as well? Says no where it cannot tell. */
function covers(earlier: HttpMatch, later: HttpMatch): boolean {
  const prefix = earlier.uri?.prefix ?? '';
  const longer = later.uri?.prefix ?? '';
  if (longer === prefix || !longer.startsWith(prefix) || earlier.port !== later.port) return false;
  const {
    uri: _uri,
    name: _name,
    port: _port,
    method,
    authority,
    headers,
    queryParams,
    withoutHeaders,
    statPrefix: _stat,
    ...rest
  } = earlier;
  if (Object.keys(rest).length > 0) return false;
  return (
    textCovers(method, later.method) &&
    textCovers(authority, later.authority) &&
    mapCovers(headers, later.headers) &&
    mapCovers(queryParams, later.queryParams) &&
    Object.keys(withoutHeaders ?? {}).length === 0
  );
}

function mapCovers(
  earlier: Readonly<Record<string, StringMatch>> | undefined,
  later: Readonly<Record<string, StringMatch>> | undefined,
): boolean {
  return Object.entries(earlier ?? {}).every(
    ([key, match]) => later?.[key] !== undefined && textCovers(match, later[key]),
  );
}

function textCovers(earlier: StringMatch | undefined, later: StringMatch | undefined): boolean {
  if (!earlier) return true;
  if (!later) return false;
  if (earlier.prefix !== undefined) return (later.exact ?? later.prefix ?? '').startsWith(earlier.prefix);
  return JSON.stringify(earlier) === JSON.stringify(later);
}
