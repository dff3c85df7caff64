import { type Diagnostic, formatDiagnostic } from '../../diagnostics/index.ts';
import { formatObjectRef } from '../../model/index.ts';

/**
 * What is wrong with running things comes and goes: an Envoy that keeps ending is up for a moment between. It counts as
 * solved when it has been gone for so long. What is wrong with a file is solved at once.
 */
const QUIET_MS = 15_000;

interface Told {
  readonly diagnostic: Diagnostic;
  lastSeenMs: number;
}

/** Tells each problem once when it appears, and one line when it is solved. */
export class DiagnosticNews {
  readonly #told = new Map<string, Told>();

  /** @returns the lines to print, given everything that is wrong now. */
  update(diagnostics: readonly Diagnostic[], nowMs: number): readonly string[] {
    const lines: string[] = [];
    for (const diagnostic of diagnostics) {
      const key = identityOf(diagnostic);
      const told = this.#told.get(key);
      if (told) told.lastSeenMs = nowMs;
      else {
        this.#told.set(key, { diagnostic, lastSeenMs: nowMs });
        lines.push(formatDiagnostic(diagnostic));
      }
    }
    return [...lines, ...this.#solved(diagnostics, nowMs)];
  }

  #solved(present: readonly Diagnostic[], nowMs: number): readonly string[] {
    // An edit moves lines: what is told anew at another line of the same object is not solved.
    const subjects = new Set(present.map(subjectOf));
    const lines: string[] = [];
    for (const [key, { diagnostic, lastSeenMs }] of this.#told) {
      if (lastSeenMs === nowMs || (!diagnostic.at && nowMs - lastSeenMs < QUIET_MS)) continue;
      this.#told.delete(key);
      // What ended once and then keeps ending has turned into another problem of the same thing.
      if (!diagnostic.at && present.some((other) => isSameObject(other, diagnostic))) continue;
      if (!subjects.has(subjectOf(diagnostic))) lines.push(`solved: ${subjectOf(diagnostic)}`);
    }
    return [...new Set(lines)];
  }
}

/** Without cause and remedy, which hold the last lines of logs, and without times. */
function identityOf(diagnostic: Diagnostic): string {
  const { at, path } = diagnostic;
  return `${at ? `${at.file}:${at.line}:${at.column}` : ''} ${path ?? ''} ${subjectOf(diagnostic)} ${steady(diagnostic.message)}`;
}

function subjectOf({ code, object, at, message }: Diagnostic): string {
  if (object) return `${code} ${object.cluster}/${object.kind} ${object.namespace}/${object.name}`;
  return `${code} ${at?.file ?? steady(message)}`;
}

function isSameObject({ object: one }: Diagnostic, { object: other }: Diagnostic): boolean {
  return one !== undefined && other !== undefined && formatObjectRef(one) === formatObjectRef(other);
}

function steady(message: string): string {
  return message.replace(/\d+ ?m?s\b/g, '…');
}
