/**
 * Diagnostics: what the mesh tells people.
 * Takes a code of the catalogue with its parameters and a place, gives a Diagnostic and its text.
 * Must never decide whether something is wrong: that is for the stage that looks at it.
 */

export type { CatalogueEntry } from './catalogue/entry.ts';
export { CATALOGUE } from './catalogue/index.ts';
export { type DiagnosticCode, type DiagnosticParameters, diagnose } from './diagnose.ts';
export type { Diagnostic, DiagnosticPlace, FilePosition, Severity } from './diagnostic.ts';
export { formatDiagnostic } from './format-diagnostic.ts';
export { closestName, suggest } from './suggestion.ts';
