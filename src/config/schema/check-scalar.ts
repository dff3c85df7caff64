import { suggest } from '../../diagnostics/index.ts';
import type { Report } from '../object-report.ts';
import { formatPath, type Path } from './path.ts';
import type { Schema, SchemaType } from './schema.ts';

const DESCRIPTIONS: Readonly<Record<SchemaType, string>> = {
  object: 'an object (fields under it, indented)',
  array: 'a list (lines that begin with "- ")',
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  'int-or-string': 'a whole number or a text',
};

/** Int32 and int64 of the API fit into this; JSON numbers beyond it lose digits. */
const SAFE = Number.MAX_SAFE_INTEGER;

/** How a type is called in a message. */
export function describeType(type: SchemaType): string {
  return DESCRIPTIONS[type];
}

/** Checks a text, number or boolean. @returns it, or undefined where it cannot be used. */
export function checkScalar(value: unknown, schema: Schema, path: Path, report: Report): unknown {
  const field = formatPath(path);
  if (!hasType(value, schema.type ?? 'string')) {
    const expected = describeType(schema.type ?? 'string');
    report.add('PEL2003', { field, expected, actual: describeScalar(value) }, path);
    return undefined;
  }
  if (schema.enum && !schema.enum.some((allowed) => allowed === value)) {
    const allowed = schema.enum.filter((name) => name !== '').join(', ');
    const suggestion = suggest(String(value), schema.enum.map(String));
    report.add('PEL2004', { field, actual: JSON.stringify(value), suggestion, allowed }, path);
    return undefined;
  }
  if (typeof value === 'string') checkText(value, schema, path, report);
  if (typeof value === 'number') checkRange(value, schema, path, report);
  return value;
}

function hasType(value: unknown, type: SchemaType): boolean {
  const isInteger = typeof value === 'number' && Number.isInteger(value) && Math.abs(value) <= SAFE;
  if (type === 'integer') return isInteger;
  if (type === 'int-or-string') return isInteger || typeof value === 'string';
  if (type === 'number') return typeof value === 'number' && Number.isFinite(value);
  return typeof value === type;
}

function checkText(value: string, schema: Schema, path: Path, report: Report): void {
  const field = formatPath(path);
  const length = [...value].length;
  if (schema.minLength !== undefined && length < schema.minLength) {
    const limit = schema.minLength === 1 ? 'not empty' : `at least ${schema.minLength} characters long`;
    report.add('PEL2006', { field, limit, actual: length === 0 ? 'empty' : `${length} characters long` }, path);
  } else if (schema.maxLength !== undefined && length > schema.maxLength) {
    const limit = `at most ${schema.maxLength} characters long`;
    report.add('PEL2006', { field, limit, actual: `${length} characters long` }, path);
  } else if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(value)) {
    report.add('PEL2007', { field, actual: value, form: schema.pattern }, path);
  } else if (
    schema.format === 'byte' &&
    !/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value)
  ) {
    report.add('PEL2007', { field, actual: value, form: 'base64' }, path);
  }
}

function checkRange(value: number, schema: Schema, path: Path, report: Report): void {
  const field = formatPath(path);
  if (schema.minimum !== undefined && value < schema.minimum) {
    report.add('PEL2006', { field, limit: `at least ${schema.minimum}`, actual: value }, path);
  }
  if (schema.maximum !== undefined && value > schema.maximum) {
    report.add('PEL2006', { field, limit: `at most ${schema.maximum}`, actual: value }, path);
  }
}

function describeScalar(value: unknown): string {
  if (value === null) return 'null (nothing is given after the colon)';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  return `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`;
}
