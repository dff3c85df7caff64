import type { Report } from '../object-report.ts';
import { checkSelection } from '../rules/selection.ts';
import type { Path } from '../schema/path.ts';
import { problem, type Subject } from '../subject.ts';
import { checkAddresses, checkPorts } from './list.ts';
import type {
  AuthorizationOperation,
  AuthorizationPolicySpec,
  AuthorizationRule,
  AuthorizationSource,
} from './type.ts';
import { checkCondition } from './validate-condition.ts';

const DRY_RUN = 'istio.io/dry-run';
const SERVICE_ACCOUNT_FIELDS: readonly (keyof AuthorizationSource)[] = ['serviceAccounts', 'notServiceAccounts'];
/** What names callers in another way, so that it cannot stand beside service accounts. */
const NAMING_FIELDS: readonly (keyof AuthorizationSource)[] = [
  'principals',
  'notPrincipals',
  'namespaces',
  'notNamespaces',
];
const ADDRESS_FIELDS: readonly (keyof AuthorizationSource)[] = [
  'ipBlocks',
  'notIpBlocks',
  'remoteIpBlocks',
  'notRemoteIpBlocks',
];
/** An external authorizer decides by the request, before anybody's identity is looked at. */
const NOT_CUSTOM: readonly (keyof AuthorizationSource)[] = [
  ...NAMING_FIELDS,
  ...SERVICE_ACCOUNT_FIELDS,
  'requestPrincipals',
  'notRequestPrincipals',
];

/** What the schema of an AuthorizationPolicy cannot say (Istio: ValidateAuthorizationPolicy). */
export function validateAuthorizationPolicy(spec: AuthorizationPolicySpec, subject: Subject): void {
  const { report } = subject;
  const action = spec.action ?? 'ALLOW';
  checkSelection(spec, report);
  checkDryRun(action, subject);
  if (action === 'CUSTOM') checkCustom(spec, report);
  else if (spec.provider)
    problem(report, 'PEL3004', ['spec', 'provider'], `${action} asks no provider; only CUSTOM does`);
  if (action === 'DENY' && !spec.rules) {
    problem(
      report,
      'PEL3005',
      ['spec', 'rules'],
      'DENY without rules never denies; write an empty rule ({}) to deny everything',
    );
  }
  spec.rules?.forEach((rule, index) => {
    const path = ['spec', 'rules', index];
    checkRule(rule, path, report);
    if (action === 'DENY' && deniesAllTcp(rule)) {
      const text = 'a DENY rule of HTTP attributes alone denies everything on ports that are not HTTP';
      problem(report, 'PEL3022', path, text);
    }
  });
}

function checkDryRun(action: string, subject: Subject): void {
  const value = subject.annotations[DRY_RUN];
  if (value === undefined) return;
  const path = ['metadata', 'annotations', DRY_RUN];
  if (!/^(?:true|false|[tfTF01]|TRUE|FALSE|True|False)$/.test(value))
    problem(subject.report, 'PEL3011', path, `"${value}" is not true or false`);
  if (action !== 'ALLOW' && action !== 'DENY')
    problem(subject.report, 'PEL3011', path, `only ALLOW and DENY can be tried out, not ${action}`);
}

function checkCustom(spec: AuthorizationPolicySpec, report: Report): void {
  if (!spec.rules) {
    problem(
      report,
      'PEL3005',
      ['spec', 'rules'],
      'CUSTOM without rules is never asked; write an empty rule ({}) to ask always',
    );
  } else if (!spec.provider?.name) {
    problem(
      report,
      'PEL3005',
      ['spec', 'provider', 'name'],
      'CUSTOM needs the name of the provider that is to be asked',
    );
  }
  spec.rules?.forEach((rule, index) => {
    const path = ['spec', 'rules', index];
    rule.from?.forEach(({ source }, fromIndex) => {
      for (const field of NOT_CUSTOM) {
        if (!source?.[field]?.length) continue;
        problem(report, 'PEL3020', [...path, 'from', fromIndex, 'source', field], 'CUSTOM cannot decide by it');
      }
    });
    rule.when?.forEach(({ key }, whenIndex) => {
      const isIdentity = ['source.namespace', 'source.serviceAccount', 'source.principal'].includes(key);
      if (!isIdentity && !key.startsWith('request.auth.')) return;
      problem(report, 'PEL3020', [...path, 'when', whenIndex, 'key'], `CUSTOM cannot decide by ${key}`);
    });
  });
}

function checkRule(rule: AuthorizationRule, path: Path, report: Report): void {
  if (rule.from?.length === 0) problem(report, 'PEL3028', [...path, 'from'], 'the list is empty');
  if (rule.to?.length === 0) problem(report, 'PEL3028', [...path, 'to'], 'the list is empty');
  rule.from?.forEach(({ source }, index) => {
    const place = [...path, 'from', index];
    if (source) checkSource(source, [...place, 'source'], report);
    else problem(report, 'PEL3028', place, 'the source is missing');
  });
  rule.to?.forEach(({ operation }, index) => {
    const place = [...path, 'to', index];
    if (operation) checkOperation(operation, [...place, 'operation'], report);
    else problem(report, 'PEL3028', place, 'the operation is missing');
  });
  rule.when?.forEach((condition, index) => {
    checkCondition(condition, [...path, 'when', index], report);
  });
}

function checkSource(source: AuthorizationSource, path: Path, report: Report): void {
  checkLists(source, path, report);
  const has = (fields: readonly (keyof AuthorizationSource)[]): boolean =>
    fields.some((field) => source[field]?.length);
  if (has(SERVICE_ACCOUNT_FIELDS) && has(NAMING_FIELDS)) {
    problem(
      report,
      'PEL3004',
      path,
      'service accounts name the caller in full, so principals and namespaces cannot stand beside them',
    );
  }
  for (const field of ADDRESS_FIELDS) checkAddresses(source[field], [...path, field], report);
  for (const field of SERVICE_ACCOUNT_FIELDS) {
    source[field]?.forEach((account, index) => {
      if (account === '' || /^[^/*]+(?:\/[^/*]+)?$/.test(account)) return;
      problem(
        report,
        'PEL3020',
        [...path, field, index],
        `"${account}" has not the form <namespace>/<service account>, without wildcards`,
      );
    });
  }
}

function checkOperation(operation: AuthorizationOperation, path: Path, report: Report): void {
  checkLists(operation, path, report);
  for (const field of ['ports', 'notPorts'] as const) checkPorts(operation[field], [...path, field], report);
  for (const field of ['paths', 'notPaths'] as const) {
    operation[field]?.forEach((value, index) => {
      if (isGoodPath(value)) return;
      const text = `"${value}": in a path with {*} or {**} there can be no other wildcards, and no names in braces`;
      problem(report, 'PEL3020', [...path, field, index], text);
    });
  }
}

/** Path templates (Envoy's URI template): `{*}` is one segment, `{**}` any number, and nothing else is a wildcard. */
function isGoodPath(path: string): boolean {
  if (!path.includes('{*}') && !path.includes('{**}')) return true;
  const rest = path.replace(/\{\*\*?\}/g, '');
  const any = path.indexOf('{**}');
  const isLast = any < 0 || !path.slice(any + 4).includes('{*');
  return !/[*{}]/.test(rest) && isLast;
}

function checkLists(lists: object, path: Path, report: Report): void {
  const values = Object.entries(lists) as [string, readonly string[]][];
  if (values.every(([, list]) => list.length === 0)) problem(report, 'PEL3028', path, 'nothing is named');
  for (const [field, list] of values) {
    if (list.includes('')) problem(report, 'PEL3020', [...path, field], 'it holds an empty text');
  }
}

/** Attributes of HTTP are unknown on other ports, where a DENY rule then counts as matched. */
function deniesAllTcp(rule: AuthorizationRule): boolean {
  const isFromTcp = rule.from?.some(({ source }) => {
    const { requestPrincipals: _principals, notRequestPrincipals: _notPrincipals, ...rest } = source ?? {};
    return Object.keys(rest).length > 0;
  });
  const isToTcp = rule.to?.some(({ operation }) => operation?.ports || operation?.notPorts);
  if (rule.to?.length) return isToTcp !== true;
  return Boolean(rule.from?.length) && isFromTcp !== true;
}
