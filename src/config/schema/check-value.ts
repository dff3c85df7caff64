import { closestName, suggest } from '../../diagnostics/index.ts';
import type { Report } from '../object-report.ts';
import { ruleHolds, toCelValue } from './cel-rule.ts';
import { checkScalar, describeType } from './check-scalar.ts';
import { formatPath, type Path } from './path.ts';
import type { Schema } from './schema.ts';

/** Deeper than any API has a use for; what is deeper would only serve to exhaust the stack. */
const MAX_DEPTH = 64;

/** How a value is checked: where findings go, and how references and unknown fields are treated. */
export interface Check {
  readonly report: Report;
  readonly resolve: (schema: Schema) => Schema;
  /** As Kubernetes treats its own kinds: unknown fields are warned of, and null is the same as not given. */
  readonly core: boolean;
}

/**
 * Checks the value at this path of an object against its schema and reports everything that does not fit.
 * @returns the value with defaults filled in and with null taken out where null means 'not given'.
 */
export function checkAt(value: unknown, schema: Schema, path: Path, check: Check): unknown {
  const resolved = check.resolve(schema);
  const errorsBefore = check.report.errorCount;
  const result = checkForm(value, resolved, path, check);
  if (resolved.rules && check.report.errorCount === errorsBefore) checkRules(result, resolved, path, check);
  return result;
}

function checkForm(value: unknown, schema: Schema, path: Path, check: Check): unknown {
  const { report } = check;
  if (path.length > MAX_DEPTH) {
    report.add(
      'PEL2014',
      { field: formatPath(path.slice(0, 8)), problem: `is nested more than ${MAX_DEPTH} deep` },
      path,
    );
    return undefined;
  }
  switch (schema.type) {
    case 'object':
      if (isRecord(value)) return checkObject(value, schema, path, check);
      break;
    case 'array':
      if (Array.isArray(value)) return checkArray(value, schema, path, check);
      break;
    case undefined:
      return value;
    default:
      return checkScalar(value, schema, path, report);
  }
  report.add(
    'PEL2003',
    { field: formatPath(path), expected: describeType(schema.type), actual: describe(value) },
    path,
  );
  return undefined;
}

function checkObject(value: Record<string, unknown>, schema: Schema, path: Path, check: Check): unknown {
  const result: Record<string, unknown> = {};
  const mistyped = new Set<string | undefined>();
  for (const [key, child] of Object.entries(value)) {
    const childSchema = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : schema.values;
    if (childSchema) {
      if (child === null && (check.core || check.resolve(childSchema).nullable === true)) continue;
      const checked = checkAt(child, childSchema, [...path, key], check);
      if (checked !== undefined) defineField(result, key, checked);
    } else if (schema.open === true || (!schema.properties && !schema.values)) {
      if (child !== null) defineField(result, key, child);
    } else {
      reportUnknown(key, schema, path, check);
      // One mistake is told once. What is only a warning makes no field that is missing good.
      if (!check.core) mistyped.add(closestName(key, Object.keys(schema.properties ?? {})));
    }
  }
  fillDefaults(result, schema, check);
  checkPresence(value, result, { schema, path, mistyped, report: check.report });
  return result;
}

/** A key such as `__proto__` must become a field like any other. */
function defineField(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}

function reportUnknown(key: string, schema: Schema, path: Path, check: Check): void {
  const known = Object.keys(schema.properties ?? {});
  const place = [...path, key];
  check.report.add(
    check.core ? 'PEL2010' : 'PEL2002',
    { field: formatPath(place), suggestion: suggest(key, known) },
    place,
  );
}

function fillDefaults(result: Record<string, unknown>, schema: Schema, check: Check): void {
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const fallback = check.resolve(child).default;
    if (fallback !== undefined && result[name] === undefined) result[name] = fallback;
  }
}

interface Presence {
  readonly schema: Schema;
  readonly path: Path;
  readonly report: Report;
}

interface FieldPresence extends Presence {
  /** Fields that are there under a name with a typing error. */
  readonly mistyped: ReadonlySet<string | undefined>;
}

function checkPresence(given: Record<string, unknown>, result: Record<string, unknown>, presence: FieldPresence): void {
  const { schema, path, mistyped, report } = presence;
  for (const name of schema.required ?? []) {
    if (mistyped.has(name)) continue;
    if (given[name] === undefined && result[name] === undefined) {
      report.add('PEL2005', { field: formatPath([...path, name]) }, [...path, name]);
    }
  }
  for (const group of schema.exclusive ?? []) {
    const found = group.filter((name) => result[name] !== undefined);
    if (found.length > 1) {
      const problem = `${formatPath(path)}: ${found.join(' and ')} cannot be given together`;
      report.add('PEL2008', { problem }, [...path, found[1] ?? '']);
    }
  }
  checkCount(
    Object.keys(result).length,
    { min: schema.minProperties, max: schema.maxProperties, unit: 'fields' },
    presence,
  );
}

function checkArray(value: readonly unknown[], schema: Schema, path: Path, check: Check): unknown {
  const { items } = schema;
  const { report } = check;
  checkCount(value.length, { min: schema.minItems, max: schema.maxItems, unit: 'items' }, { schema, path, report });
  if (!items) return value;
  if (schema.maxItems !== undefined && value.length > schema.maxItems) return value;
  const result = value.map((item, index) => checkAt(item, items, [...path, index], check));
  if (schema.listKeys) checkListKeys(result, schema.listKeys, path, report);
  return result;
}

function checkListKeys(items: readonly unknown[], keys: readonly string[], path: Path, report: Report): void {
  const seen = new Set<string>();
  items.forEach((item, index) => {
    if (!isRecord(item)) return;
    const identity = JSON.stringify(keys.map((key) => item[key] ?? null));
    if (seen.has(identity)) {
      const what = keys.map((key) => `${key} ${describe(item[key])}`).join(', ');
      report.add('PEL3002', { field: formatPath(path), what }, [...path, index]);
    }
    seen.add(identity);
  });
}

interface CountLimits {
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly unit: string;
}

function checkCount(count: number, limits: CountLimits, presence: Presence): void {
  const { min, max, unit } = limits;
  const field = formatPath(presence.path);
  const actual = `${count} ${unit}`;
  if (min !== undefined && count < min) {
    presence.report.add('PEL2006', { field, limit: `at least ${min} ${unit}`, actual }, presence.path);
  }
  if (max !== undefined && count > max) {
    presence.report.add('PEL2006', { field, limit: `at most ${max} ${unit}`, actual }, presence.path);
  }
}

function checkRules(value: unknown, schema: Schema, path: Path, check: Check): void {
  let self: unknown;
  for (const { rule, message } of schema.rules ?? []) {
    self ??= toCelValue(value, schema, check.resolve);
    if (!ruleHolds(rule, self)) {
      const problem = message ?? 'a rule does not hold';
      check.report.add('PEL2009', { field: formatPath(path), problem, rule }, path);
    }
  }
}

/** Is the value a map of fields? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (value === null) return 'null (nothing is given after the colon)';
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}
