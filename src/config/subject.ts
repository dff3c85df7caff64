import type { DiagnosticCode, DiagnosticParameters } from '../diagnostics/index.ts';
import type { RawObject } from '../model/index.ts';
import type { Report } from './object-report.ts';
import { formatPath, type Path } from './schema/path.ts';

/** What a validation may know of the object beside its spec, and where its findings go. */
export interface Subject {
  readonly name: string;
  readonly namespace: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly report: Report;
}

/** Codes whose texts ask for nothing but the field and the problem. */
export type ProblemCode = {
  [Code in DiagnosticCode]: keyof DiagnosticParameters<Code> extends 'field' | 'problem' ? Code : never;
}[DiagnosticCode];

/** Reports a problem of the value at this path. */
export function problem(report: Report, code: ProblemCode, path: Path, text: string): void {
  report.add(code, { field: formatPath(path), problem: text }, path);
}

/** The subject of a validation of this object. */
export function subjectOf(raw: RawObject, report: Report): Subject {
  const { name, namespace, annotations, labels } = raw.meta;
  return { name, namespace, annotations, labels, report };
}
