import type { Report } from '../object-report.ts';
import { checkDuration } from '../rules/duration.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isAuthorityHeader } from '../values/header.ts';
import { checkRegex } from '../values/regex.ts';
import type { HttpRedirect, HttpRewrite, HttpRoute } from './type.ts';
import { checkDestination, checkWeights } from './validate-destination.ts';
import { checkHeaders } from './validate-headers.ts';
import { checkHttpMatch } from './validate-http-match.ts';
import { checkCors, checkDirectResponse, checkFault, checkRetries } from './validate-http-policy.ts';

/** What an HTTP route may know of its VirtualService. */
export interface HttpRouteContext {
  readonly report: Report;
  readonly isDelegate: boolean;
}

/** One rule for HTTP requests (Istio: validateHTTPRoute). */
export function checkHttpRoute(route: HttpRoute, path: Path, context: HttpRouteContext): void {
  const { report } = context;
  checkAction(route, path, context);
  route.match?.forEach((match, index) => {
    checkHttpMatch(match, [...path, 'match', index], report);
  });
  checkHeaders(route.headers, [...path, 'headers'], report);
  route.route?.forEach((destination, index) => {
    checkHeaders(destination.headers, [...path, 'route', index, 'headers'], report);
  });
  checkWeights(route.route, [...path, 'route'], report);
  checkCors(route.corsPolicy, [...path, 'corsPolicy'], report);
  checkFault(route.fault, [...path, 'fault'], report);
  checkMirrors(route, path, report);
  checkRedirect(route.redirect, [...path, 'redirect'], report);
  checkDirectResponse(route.directResponse, [...path, 'directResponse'], report);
  checkRetries(route.retries, [...path, 'retries'], report);
  checkRewrite(route.rewrite, [...path, 'rewrite'], report);
  checkAuthority(route, path, report);
  checkDuration(route.timeout, [...path, 'timeout'], report);
}

function checkAction(route: HttpRoute, path: Path, context: HttpRouteContext): void {
  const { report, isDelegate } = context;
  const conflict = (a: string, b: string): void => {
    problem(report, 'PEL3004', path, `${a} and ${b} cannot be given together`);
  };
  if (route.delegate && isDelegate)
    problem(report, 'PEL3004', [...path, 'delegate'], 'a delegate cannot delegate again');
  if (route.delegate && !isDelegate) {
    if (route.redirect) conflict('delegate', 'redirect');
    if (route.route) conflict('delegate', 'route');
    return;
  }
  if (route.mirror && route.mirrors?.length) conflict('mirror', 'mirrors');
  const answer = route.redirect ? 'redirect' : route.directResponse ? 'directResponse' : undefined;
  if (answer === undefined) {
    if (!route.route?.length)
      problem(report, 'PEL3005', path, 'it says nothing of what to do: route, redirect, directResponse or delegate');
    return;
  }
  if (route.redirect && route.directResponse) conflict('redirect', 'directResponse');
  if (route.route?.length) conflict('route', answer);
  if (route.fault) conflict('fault', answer);
  if (route.rewrite) conflict('rewrite', answer);
}

function checkMirrors(route: HttpRoute, path: Path, report: Report): void {
  const deprecated = route.mirrorPercent ?? route.mirror_percent;
  if (deprecated !== undefined) {
    const place = [...path, 'mirrorPercent'];
    report.add('PEL3016', { field: formatPath(place), instead: 'use mirrorPercentage.value' }, place);
    checkShare(deprecated, place, report);
  }
  if (route.mirrorPercentage) checkShare(route.mirrorPercentage.value ?? 0, [...path, 'mirrorPercentage'], report);
  checkDestination(route.mirror, [...path, 'mirror'], report);
  route.mirrors?.forEach((mirror, index) => {
    const place = [...path, 'mirrors', index];
    checkDestination(mirror.destination, [...place, 'destination'], report);
    if (mirror.percentage) checkShare(mirror.percentage.value ?? 0, [...place, 'percentage'], report);
  });
}

function checkShare(value: number, path: Path, report: Report): void {
  if (value < 0 || value > 100) problem(report, 'PEL3010', path, `${value} is not in the range 0 to 100`);
}

function checkRedirect(redirect: HttpRedirect | undefined, path: Path, report: Report): void {
  if (!redirect) return;
  const { uri, prefixRewrite, authority, port, derivePort, scheme, redirectCode } = redirect;
  if (!uri && !prefixRewrite && !authority && port === undefined && derivePort === undefined && !scheme) {
    problem(report, 'PEL3005', path, 'it says nothing of where to: uri, authority, scheme or port');
  }
  if (uri && prefixRewrite) problem(report, 'PEL3004', path, 'uri and prefixRewrite both say what becomes of the path');
  if (redirectCode && (redirectCode < 300 || redirectCode > 399)) {
    problem(report, 'PEL3010', [...path, 'redirectCode'], `${redirectCode} is no redirection (300 to 399)`);
  }
  if (scheme && scheme !== 'http' && scheme !== 'https') {
    problem(report, 'PEL3011', [...path, 'scheme'], `"${scheme}" is neither http nor https`);
  }
  if (port !== undefined && port > 65535)
    problem(report, 'PEL3003', [...path, 'port'], `${port} is not in the range 1 to 65535`);
}

function checkRewrite(rewrite: HttpRewrite | undefined, path: Path, report: Report): void {
  if (!rewrite) return;
  const { uri, uriRegexRewrite, authority } = rewrite;
  if (uri && uriRegexRewrite)
    problem(report, 'PEL3004', path, 'uri and uriRegexRewrite both say what becomes of the path');
  if (!uri && !uriRegexRewrite && !authority)
    problem(report, 'PEL3005', path, 'it rewrites nothing: uri, uriRegexRewrite or authority');
  if (!uriRegexRewrite) return;
  const place = [...path, 'uriRegexRewrite'];
  const { match = '', rewrite: replacement = '' } = uriRegexRewrite;
  if (match === '' || replacement === '') problem(report, 'PEL3005', place, 'both match and rewrite are needed');
  const wrong = match === '' ? undefined : checkRegex(match);
  if (wrong) report.add('PEL3012', { field: formatPath([...place, 'match']), regex: match, problem: wrong }, place);
}

/** The authority can be set by `rewrite` or by a header, but once only. */
function checkAuthority(route: HttpRoute, path: Path, report: Report): void {
  const { set, add } = route.headers?.request ?? {};
  const names = [...Object.keys(set ?? {}), ...Object.keys(add ?? {})].filter(isAuthorityHeader);
  const count = names.length + (route.rewrite?.authority ? 1 : 0);
  if (count > 1) problem(report, 'PEL3004', path, 'the authority (host header) is set in more than one place');
}
