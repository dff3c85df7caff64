import type { Report } from '../object-report.ts';
import { checkPort } from '../rules/host.ts';
import { checkLabels } from '../rules/selection.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { isHeaderName, isPseudoHeader } from '../values/header.ts';
import { isDnsLabel } from '../values/host-name.ts';
import { checkRegex } from '../values/regex.ts';
import { checkGatewayNames } from './gateway-name.ts';
import { isRoutingClaim } from './routing-claim.ts';
import type { HttpMatch, StringMatch } from './type.ts';

/** Which requests a rule is for (Istio: validateHTTPRouteMatchRequest). */
export function checkHttpMatch(match: HttpMatch, path: Path, report: Report): void {
  for (const [name, header] of Object.entries(match.headers ?? {})) {
    const place = [...path, 'headers', name];
    checkMatchedName(name, place, report);
    checkStringMatch(header, place, report);
  }
  for (const [name, header] of Object.entries(match.withoutHeaders ?? {})) {
    const place = [...path, 'withoutHeaders', name];
    checkMatchedName(name, place, report);
    // `*` is no expression here, but asks whether the header is there at all.
    if (header.regex !== '*') checkStringMatch(header, place, report);
  }
  for (const [name, parameter] of Object.entries(match.queryParams ?? {})) {
    checkStringMatch(parameter, [...path, 'queryParams', name], report);
  }
  // An empty prefix of the path matches every path; of anything else Envoy refuses it.
  checkStringMatch(match.uri?.prefix === '' ? undefined : match.uri, [...path, 'uri'], report);
  checkStringMatch(match.scheme, [...path, 'scheme'], report);
  checkStringMatch(match.method, [...path, 'method'], report);
  checkStringMatch(match.authority, [...path, 'authority'], report);
  if (match.port) checkPort(match.port, [...path, 'port'], report);
  checkLabels(match.sourceLabels, [...path, 'sourceLabels'], report);
  checkGatewayNames(match.gateways, [...path, 'gateways'], report);
  if (match.sourceNamespace && !isDnsLabel(match.sourceNamespace)) {
    problem(report, 'PEL3011', [...path, 'sourceNamespace'], `"${match.sourceNamespace}" is not a namespace`);
  }
}

function checkMatchedName(name: string, path: Path, report: Report): void {
  if (isRoutingClaim(name) || isPseudoHeader(name) || isHeaderName(name)) return;
  const text = name === '' ? 'the name of the header is empty' : `"${name}" cannot be the name of a header`;
  problem(report, 'PEL3008', path, text);
}

/** A text by prefix or regular expression. */
export function checkStringMatch(match: StringMatch | undefined, path: Path, report: Report): void {
  if (match?.prefix === '') problem(report, 'PEL3011', [...path, 'prefix'], 'the prefix is empty, so it says nothing');
  checkMatchRegex(match, path, report);
}

/** The regular expression of a match. */
export function checkMatchRegex(match: StringMatch | undefined, path: Path, report: Report): void {
  if (match?.regex === undefined) return;
  const wrong = checkRegex(match.regex);
  const place = [...path, 'regex'];
  if (wrong) report.add('PEL3012', { field: formatPath(place), regex: match.regex, problem: wrong }, place);
}
