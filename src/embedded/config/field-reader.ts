import {
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticParameters,
  diagnose,
  suggest,
} from '../../diagnostics/index.ts';
import type { RawObject } from '../../model/index.ts';

type Path = readonly (string | number)[];

/** Findings beyond this many help nobody. */
const MAX_DIAGNOSTICS = 50;

/** Reads fields of an object one by one, strictly, and says where each thing that does not fit stands. */
export class FieldReader {
  readonly diagnostics: Diagnostic[] = [];
  readonly #object: RawObject;

  constructor(object: RawObject) {
    this.#object = object;
  }

  /** A finding with a code, at the value's place or the nearest one around it. */
  report<Code extends DiagnosticCode>(code: Code, path: Path, parameters: DiagnosticParameters<Code>): void {
    if (this.diagnostics.length >= MAX_DIAGNOSTICS) return;
    const at = placeOf(this.#object, path);
    this.diagnostics.push(diagnose(code, parameters, { ...(at ? { at } : {}), path: formatFieldPath(path) }));
  }

  /** A finding that has no code of its own. */
  problem(path: Path, problem: string): void {
    this.report('PEL6007', path, { field: formatFieldPath(path) || 'the file', problem });
  }

  /** The map at this path, in which only these fields are known. */
  map(value: unknown, path: Path, known?: readonly string[]): Readonly<Record<string, unknown>> {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) {
      this.problem(path, 'a map of fields is expected');
      return {};
    }
    for (const key of Object.keys(value)) {
      if (known && !known.includes(key)) {
        this.problem([...path, key], `there is no such field${suggest(key, known)} (known: ${known.join(', ')})`);
      }
    }
    return value as Readonly<Record<string, unknown>>;
  }

  /** The list at this path; empty where it is not given. */
  list(value: unknown, path: Path): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value;
    this.problem(path, 'a list is expected');
    return [];
  }

  /** The text at this path; undefined where it is not given or is none. */
  text(value: unknown, path: Path): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'string' && value !== '') return value;
    this.problem(path, 'a text is expected');
    return undefined;
  }
}

function placeOf(object: RawObject, path: Path): Diagnostic['at'] {
  const { origin, positionOf } = object;
  if (origin.kind !== 'file') return undefined;
  for (let length = path.length; length > 0; length--) {
    const position = positionOf?.(path.slice(0, length));
    if (position) return { file: origin.file, ...position };
  }
  return { file: origin.file, line: origin.line, column: origin.column };
}

/** `spec.clusters[0].name`. */
export function formatFieldPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}
