import type { Report } from '../object-report.ts';
import { checkWorkloadSelector } from '../rules/selection.ts';
import { formatPath, type Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkRegex } from '../values/regex.ts';
import type { ApplyTo, EnvoyConfigPatch, EnvoyFilterSpec, EnvoyPatchMatch } from './type.ts';

const HTTP_CONNECTION_MANAGER: readonly string[] = [
  'envoy.filters.network.http_connection_manager',
  'envoy.http_connection_manager',
];
/** Which part of the match belongs to what is patched. */
const MATCH_OF: Readonly<Partial<Record<ApplyTo, 'listener' | 'routeConfiguration' | 'cluster'>>> = {
  LISTENER: 'listener',
  FILTER_CHAIN: 'listener',
  NETWORK_FILTER: 'listener',
  HTTP_FILTER: 'listener',
  LISTENER_FILTER: 'listener',
  ROUTE_CONFIGURATION: 'routeConfiguration',
  VIRTUAL_HOST: 'routeConfiguration',
  HTTP_ROUTE: 'routeConfiguration',
  CLUSTER: 'cluster',
};

/** What the schema of an EnvoyFilter cannot say (Istio: ValidateEnvoyFilter). */
export function validateEnvoyFilter(spec: EnvoyFilterSpec, subject: Subject): void {
  checkWorkloadSelector(spec.workloadSelector, subject.report);
  spec.configPatches?.forEach((patch, index) => {
    checkPatch(patch, ['spec', 'configPatches', index], subject.report);
  });
}

function checkPatch({ applyTo, match, patch }: EnvoyConfigPatch, path: Path, report: Report): void {
  if (applyTo === undefined || applyTo === 'INVALID') {
    problem(report, 'PEL3027', path, 'applyTo is missing');
    return;
  }
  const operation = patch?.operation ?? 'INVALID';
  if (!patch) problem(report, 'PEL3027', path, 'the patch is missing');
  else if (operation === 'INVALID') problem(report, 'PEL3027', [...path, 'patch'], 'the operation is missing');
  else if (operation !== 'REMOVE' && !patch.value)
    problem(report, 'PEL3027', [...path, 'patch'], `${operation} needs a value`);
  if (!match) return;
  const version = match.proxy?.proxyVersion;
  const wrong = version ? checkRegex(version) : undefined;
  if (version && wrong) {
    const place = [...path, 'match', 'proxy', 'proxyVersion'];
    report.add('PEL3012', { field: formatPath(place), regex: version, problem: wrong }, place);
  }
  checkMatch(applyTo, match, [...path, 'match'], report);
}

function checkMatch(applyTo: ApplyTo, match: EnvoyPatchMatch, path: Path, report: Report): void {
  const expected = MATCH_OF[applyTo];
  const given = (['listener', 'routeConfiguration', 'cluster'] as const).find((part) => match[part] !== undefined);
  if (expected && given && given !== expected) {
    problem(report, 'PEL3027', path, `${applyTo} is matched by "${expected}", not by "${given}"`);
    return;
  }
  const filter = match.listener?.filterChain?.filter;
  if (!filter) return;
  const place = [...path, 'listener', 'filterChain', 'filter'];
  if (applyTo === 'LISTENER' || applyTo === 'FILTER_CHAIN')
    problem(report, 'PEL3017', place, `${applyTo} is not chosen by a filter`);
  if (!filter.name) problem(report, 'PEL3027', place, 'the name of the filter is missing');
  if (!filter.subFilter) return;
  if (applyTo !== 'HTTP_FILTER')
    problem(report, 'PEL3027', [...place, 'subFilter'], 'only an HTTP_FILTER is chosen by a sub-filter');
  else if (!HTTP_CONNECTION_MANAGER.includes(filter.name ?? '')) {
    problem(report, 'PEL3027', [...place, 'name'], `only ${HTTP_CONNECTION_MANAGER[0]} has sub-filters`);
  } else if (!filter.subFilter.name)
    problem(report, 'PEL3027', [...place, 'subFilter'], 'the name of the sub-filter is missing');
}
