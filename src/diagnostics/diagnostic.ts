import type { ObjectRef } from '../model/index.ts';

/**
 * error: the object (or the process) cannot be used as it is. warning: it is used, and probably not as meant.
 * info: nothing is wrong, but worth knowing.
 */
export type Severity = 'error' | 'warning' | 'info';

/** A place in a file; line and column count from 1. */
export interface FilePosition {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing to tell a person: what is wrong, why it matters and what to do about it. */
export interface Diagnostic {
  /** `PEL2003`: a key of the catalogue. */
  readonly code: string;
  readonly severity: Severity;
  readonly message: string;
  readonly cause: string;
  readonly remedy: string;
  readonly object?: ObjectRef;
  readonly at?: FilePosition;
  /** Where in the object: `spec.http[0].route`. */
  readonly path?: string;
}

/** What a diagnostic is about, as far as it is known. */
export interface DiagnosticPlace {
  readonly object?: ObjectRef | undefined;
  readonly at?: FilePosition | undefined;
  readonly path?: string | undefined;
}
