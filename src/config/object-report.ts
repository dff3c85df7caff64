import { type Diagnostic, type DiagnosticCode, type DiagnosticParameters, diagnose } from '../diagnostics/index.ts';
import type { RawObject } from '../model/index.ts';
import { formatPath, type Path } from './schema/path.ts';

/** More diagnostics than this of one object help nobody. */
const MAX_DIAGNOSTICS = 50;

/** Takes what is found wrong with one object, and places it: object, file, line and column. */
export interface Report {
  add<Code extends DiagnosticCode>(code: Code, parameters: DiagnosticParameters<Code>, path: Path): void;
  /** How many errors there are so far. */
  readonly errorCount: number;
}

/** A report on an object that keeps what it is told. */
export class ObjectReport implements Report {
  readonly diagnostics: Diagnostic[] = [];
  errorCount = 0;
  readonly #raw: RawObject;

  constructor(raw: RawObject) {
    this.#raw = raw;
  }

  add<Code extends DiagnosticCode>(code: Code, parameters: DiagnosticParameters<Code>, path: Path): void {
    const diagnostic = diagnoseObject(this.#raw, { code, parameters, path });
    if (diagnostic.severity === 'error') this.errorCount++;
    if (this.diagnostics.length < MAX_DIAGNOSTICS) this.diagnostics.push(diagnostic);
  }
}

/** A finding about an object, before it has a place in a file. */
export interface Finding<Code extends DiagnosticCode> {
  readonly code: Code;
  readonly parameters: DiagnosticParameters<Code>;
  readonly path: Path;
}

/** The diagnostic of a finding, at the value's place in the file, or the nearest place around it that is known. */
export function diagnoseObject<Code extends DiagnosticCode>(
  object: Pick<RawObject, 'ref' | 'origin' | 'positionOf'>,
  finding: Finding<Code>,
): Diagnostic {
  const { code, parameters, path } = finding;
  return diagnose(code, parameters, {
    object: object.ref,
    at: placeOf(object, path),
    ...(path.length > 0 ? { path: formatPath(path) } : {}),
  });
}

function placeOf(object: Pick<RawObject, 'origin' | 'positionOf'>, path: Path): Diagnostic['at'] {
  const { origin, positionOf } = object;
  if (origin.kind !== 'file') return undefined;
  for (let length = path.length; length > 0 && positionOf; length--) {
    const position = positionOf(path.slice(0, length));
    if (position) return { file: origin.file, line: position.line, column: position.column };
  }
  return { file: origin.file, line: origin.line, column: origin.column };
}
