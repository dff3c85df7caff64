import { suggest } from '../../diagnostics/index.ts';
import type { Report } from '../object-report.ts';
import type { Path } from '../schema/path.ts';
import { problem } from '../subject.ts';
import { checkAddresses, checkPorts } from './list.ts';
import type { AuthorizationCondition } from './type.ts';

/** Attributes by their whole name. */
const ATTRIBUTES: readonly string[] = [
  'connection.sni',
  'destination.ip',
  'destination.port',
  'remote.ip',
  'request.auth.audiences',
  'request.auth.presenter',
  'request.auth.principal',
  'source.ip',
  'source.namespace',
  'source.principal',
  'source.serviceAccount',
  'source.trustDomain',
];
/** Attributes with a part in brackets: `request.headers[x-token]`. */
const KEYED: readonly string[] = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];

/** A condition on an attribute (Istio: ValidateAttribute). */
export function checkCondition(condition: AuthorizationCondition, path: Path, report: Report): void {
  const { key, values = [], notValues = [] } = condition;
  if (key === '') {
    problem(report, 'PEL3005', [...path, 'key'], 'the key is missing');
    return;
  }
  if (values.length + notValues.length === 0) problem(report, 'PEL3005', path, 'values or notValues must be given');
  const wrong = wrongKey(key);
  if (wrong) problem(report, 'PEL3020', [...path, 'key'], wrong);
  for (const [field, list] of [
    ['values', values],
    ['notValues', notValues],
  ] as const) {
    const place = [...path, field];
    if (list.includes('')) problem(report, 'PEL3020', place, 'it holds an empty text');
    if (['source.ip', 'remote.ip', 'destination.ip'].includes(key)) checkAddresses(list, place, report);
    if (key === 'destination.port') checkPorts(list, place, report);
  }
}

function wrongKey(key: string): string | undefined {
  if (KEYED.some((prefix) => key.startsWith(prefix))) {
    return /^[^[]+\[.+\]$/.test(key) ? undefined : `"${key}" needs a name in brackets: ${key.split('[')[0]}[name]`;
  }
  if (ATTRIBUTES.includes(key)) return undefined;
  if (key === 'destination.namespace') return `"${key}" is the policy's own namespace`;
  if (key.startsWith('destination.labels')) return `"${key}" is what the policy's selector is for`;
  return `there is no attribute "${key}"${suggest(key, ATTRIBUTES)}`;
}
