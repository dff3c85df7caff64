import type { Diagnostic } from '../diagnostics/index.ts';
import type { Caller, Case, CaseCall, CaseRequest, Want, WantedDiagnostic } from './case.ts';
import { DEFAULT_WITHIN } from './case.ts';
import { type CaseDocument, type FieldPath, FieldReader } from './field-reader.ts';
import { CALL_FORM, parseCall } from './parse-call.ts';

/** A case as far as it could be read; with an error among the diagnostics it must not be run. */
export interface ParsedCase {
  readonly case: Case;
  readonly diagnostics: readonly Diagnostic[];
}

/** A case calls at most this often, so that a typing error does not run for hours. */
const MAX_TIMES = 10_000;
const MAX_REQUESTS = 200;

/** Reads the plain data of a `case.yaml`, strictly: what the format does not know is an error with its place. */
export function parseCase(document: CaseDocument): ParsedCase {
  const reader = new FieldReader(document);
  const fields = reader.map(document.value, [], ['why', 'diagnostics', 'requests']);
  const requests = reader.list(fields['requests'], ['requests']);
  if (requests.length > MAX_REQUESTS) {
    reader.report('PEL2014', ['requests'], { field: 'requests', problem: `has more than ${MAX_REQUESTS} entries` });
  }
  return {
    case: {
      why: reader.needed(fields['why'], ['why']),
      diagnostics: reader
        .list(fields['diagnostics'], ['diagnostics'])
        .map((value, index) => parseWantedDiagnostic(reader, value, ['diagnostics', index])),
      requests: requests
        .slice(0, MAX_REQUESTS)
        .flatMap((value, index) => parseRequest(reader, value, ['requests', index])),
    },
    diagnostics: reader.diagnostics,
  };
}

function parseWantedDiagnostic(reader: FieldReader, value: unknown, path: FieldPath): WantedDiagnostic {
  const fields = reader.map(value, path, ['code', 'object']);
  return {
    code: reader.needed(fields['code'], [...path, 'code']),
    object: reader.text(fields['object'], [...path, 'object']) ?? '',
  };
}

function parseRequest(reader: FieldReader, value: unknown, path: FieldPath): readonly CaseRequest[] {
  const known = ['name', 'from', 'to', 'call', 'headers', 'body', 'times', 'want'];
  const fields = reader.map(value, path, known);
  const from = parseCaller(reader, fields, path);
  const call = parseCallFields(reader, fields, path);
  const times = reader.number(fields['times'], [...path, 'times'], { min: 1, max: MAX_TIMES }) ?? 1;
  const want = parseWant(reader, fields['want'], [...path, 'want']);
  if (!from || !call) return [];
  const name = reader.text(fields['name'], [...path, 'name']) ?? String(fields['call']);
  return [{ name, from, call, times, want }];
}

/** `from` is a workload with a proxy; `to` is a socket that somebody outside the mesh dials. */
function parseCaller(
  reader: FieldReader,
  request: Readonly<Record<string, unknown>>,
  path: FieldPath,
): Caller | undefined {
  const { from, to } = request;
  if (from !== undefined && to !== undefined) {
    reader.report('PEL2008', path, { problem: 'a request has "from" (a workload) or "to" (a port of one), not both' });
    return undefined;
  }
  const key = to === undefined ? 'from' : 'to';
  if (from === undefined && to === undefined) {
    reader.report('PEL2005', path, { field: 'from' });
    return undefined;
  }
  const at = [...path, key];
  const known = ['cluster', 'namespace', 'workload', ...(key === 'to' ? ['port'] : [])];
  const fields = reader.map(request[key], at, known);
  const workload = {
    cluster: reader.needed(fields['cluster'], [...at, 'cluster']),
    namespace: reader.text(fields['namespace'], [...at, 'namespace']) ?? 'default',
    workload: reader.needed(fields['workload'], [...at, 'workload']),
  };
  if (key === 'from') return { kind: 'workload', ...workload };
  const port = reader.number(fields['port'], [...at, 'port'], { min: 1, max: 65_535 });
  if (fields['port'] === undefined) reader.report('PEL2005', at, { field: 'port' });
  return port === undefined ? undefined : { kind: 'outside', ...workload, port };
}

function parseCallFields(
  reader: FieldReader,
  request: Readonly<Record<string, unknown>>,
  path: FieldPath,
): CaseCall | undefined {
  const text = reader.needed(request['call'], [...path, 'call']);
  if (text === '') return undefined;
  const line = parseCall(text);
  if (!line) {
    reader.report('PEL2007', [...path, 'call'], { field: 'call', actual: text, form: CALL_FORM });
    return undefined;
  }
  return {
    ...line,
    headers: reader.texts(request['headers'], [...path, 'headers']),
    body: reader.text(request['body'], [...path, 'body']) ?? '',
  };
}

const WANT_FIELDS = [
  'status',
  'body',
  'fields',
  'headers',
  'received',
  'shares',
  'within',
  'evenly',
  'caller',
  'explains',
];

function parseWant(reader: FieldReader, value: unknown, path: FieldPath): Want {
  if (value === undefined || value === null) reader.report('PEL2005', path, { field: 'want' });
  const fields = reader.map(value, path, WANT_FIELDS);
  const at = (key: string): FieldPath => [...path, key];
  return {
    status: parseStatus(reader, fields['status'], at('status')),
    body: reader.text(fields['body'], at('body')),
    fields: reader.texts(fields['fields'], at('fields')),
    headers: lowerCased(reader.texts(fields['headers'], at('headers'))),
    received: lowerCased(reader.texts(fields['received'], at('received'))),
    shares: parseShares(reader, fields['shares'], at('shares')),
    within: reader.number(fields['within'], at('within'), { min: 0, max: 100 }) ?? DEFAULT_WITHIN,
    evenly: parseEvenly(reader, fields['evenly'], at('evenly')),
    caller: reader.text(fields['caller'], at('caller')),
    explains: reader
      .list(fields['explains'], at('explains'))
      .map((part, index) => reader.needed(part, [...at('explains'), index])),
  };
}

function parseStatus(reader: FieldReader, value: unknown, path: FieldPath): Want['status'] {
  if (typeof value === 'string') return reader.oneOf(value, path, ['closed'] as const);
  return reader.number(value, path, { min: 100, max: 599 });
}

function parseShares(reader: FieldReader, value: unknown, path: FieldPath): Want['shares'] {
  const shares: Record<string, Record<string, number>> = {};
  for (const [field, each] of Object.entries(reader.map(value, path))) {
    const parts: Record<string, number> = {};
    for (const [name, share] of Object.entries(reader.map(each, [...path, field]))) {
      parts[name] = reader.number(share, [...path, field, name], { min: 0, max: 100 }) ?? 0;
    }
    const sum = Object.values(parts).reduce((total, share) => total + share, 0);
    if (sum > 100) reader.report('PEL2006', [...path, field], { field, limit: 'at most 100 in all', actual: sum });
    shares[field] = parts;
  }
  return shares;
}

/** `evenly: pod`, or `evenly: { pod: 3 }` where the number of values counts. */
function parseEvenly(reader: FieldReader, value: unknown, path: FieldPath): Want['evenly'] {
  if (typeof value === 'string') return { [value]: 0 };
  const evenly: Record<string, number> = {};
  for (const [field, count] of Object.entries(reader.map(value, path))) {
    evenly[field] = reader.number(count, [...path, field], { min: 1, max: 10_000 }) ?? 0;
  }
  return evenly;
}

function lowerCased(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
