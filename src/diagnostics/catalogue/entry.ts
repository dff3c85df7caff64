import type { Severity } from '../diagnostic.ts';

/**
 * What the catalogue says of one code. Texts may hold `{name}` placeholders: they are filled in when a diagnostic is
 * made, and the compiler asks for every one of them.
 */
export interface CatalogueEntry {
  /** A short name for the reference page. */
  readonly title: string;
  readonly severity: Severity;
  /** What is wrong: one line. */
  readonly message: string;
  /** Why it matters. */
  readonly cause: string;
  /** What to do. */
  readonly remedy: string;
  /** Configuration or a command that leads to it. */
  readonly example: string;
}
