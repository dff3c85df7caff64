import {
  closestName,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticParameters,
  diagnose,
  suggest,
} from '../diagnostics/index.ts';
import type { Position } from '../model/index.ts';

export type FieldPath = readonly (string | number)[];

/** A document as its reader gives it: plain data, and where each value stands. */
export interface CaseDocument {
  readonly file: string;
  readonly value: unknown;
  readonly positionOf?: (path: FieldPath) => Position | undefined;
}

/** More findings than this help nobody. */
const MAX_DIAGNOSTICS = 50;

/** Reads a case's fields strictly; every misfit becomes a diagnostic with its place, and a default stands in for it. */
export class FieldReader {
  readonly diagnostics: Diagnostic[] = [];
  private readonly document: CaseDocument;

  constructor(document: CaseDocument) {
    this.document = document;
  }

  report<Code extends DiagnosticCode>(code: Code, path: FieldPath, parameters: DiagnosticParameters<Code>): void {
    if (this.diagnostics.length >= MAX_DIAGNOSTICS) return;
    const at = { file: this.document.file, ...this.positionOf(path) };
    this.diagnostics.push(diagnose(code, parameters, { at, path: formatPath(path) }));
  }

  private positionOf(path: FieldPath): Position {
    for (let length = path.length; length > 0; length--) {
      const position = this.document.positionOf?.(path.slice(0, length));
      if (position) return position;
    }
    return { line: 1, column: 1 };
  }

  /** A map in which only these fields are known. */
  map(value: unknown, path: FieldPath, known?: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.wrongType(value, path, 'a map');
      return {};
    }
    for (const key of Object.keys(value)) {
      if (known && !known.includes(key)) {
        this.report('PEL2002', [...path, key], { field: key, suggestion: suggest(key, known) });
      }
    }
    return value as Readonly<Record<string, unknown>>;
  }

  list(value: unknown, path: FieldPath): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.wrongType(value, path, 'a list');
    return [];
  }

  text(value: unknown, path: FieldPath): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string') return value;
    this.wrongType(value, path, 'a text');
    return undefined;
  }

  needed(value: unknown, path: FieldPath): string {
    const text = this.text(value, path);
    if (text === undefined && (value === undefined || value === null)) {
      this.report('PEL2005', path, { field: formatPath(path) });
    }
    return text ?? '';
  }

  /** A number between the limits, both included. */
  number(value: unknown, path: FieldPath, limits: { readonly min: number; readonly max: number }): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'number' || !Number.isFinite(value)) {
      this.wrongType(value, path, 'a number');
      return undefined;
    }
    if (value >= limits.min && value <= limits.max) return value;
    const limit = `from ${limits.min} to ${limits.max}`;
    this.report('PEL2006', path, { field: formatPath(path), limit, actual: value });
    return undefined;
  }

  /** A map of texts; numbers and booleans are taken as they are written. */
  texts(value: unknown, path: FieldPath): Readonly<Record<string, string>> {
    const result: Record<string, string> = {};
    for (const [key, each] of Object.entries(this.map(value, path))) {
      if (typeof each === 'string' || typeof each === 'number' || typeof each === 'boolean') result[key] = String(each);
      else this.wrongType(each, [...path, key], 'a text');
    }
    return result;
  }

  wrongType(value: unknown, path: FieldPath, expected: string): void {
    this.report('PEL2003', path, { field: formatPath(path) || 'the file', expected, actual: kindOf(value) });
  }

  oneOf<Value extends string>(text: string, path: FieldPath, allowed: readonly Value[]): Value | undefined {
    const found = allowed.find((each) => each === text);
    if (found !== undefined) return found;
    const close = closestName(text, allowed);
    this.report('PEL2004', path, {
      field: formatPath(path),
      actual: text,
      allowed: allowed.join(', '),
      suggestion: close === undefined ? '' : ` - did you mean ${close}?`,
    });
    return undefined;
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

/** `requests[0].want.status`. */
function formatPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
