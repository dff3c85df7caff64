import type { Diagnostic } from '../diagnostics/index.ts';

/** A word of the fleet's own, or the catalogue's code where that describes the whole error. */
export type FleetErrorCode = 'already-running' | 'bad-fleet' | 'no-network' | 'state-folder' | `PEL${number}`;

/** Why a fleet could not be started: what is wrong (the message), why it matters, what to do. */
export class FleetError extends Error {
  readonly code: FleetErrorCode;
  readonly why: string;
  readonly remedy: string;
  /** The findings that stopped it, each with its place. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: FleetErrorCode,
    text: { readonly what: string; readonly why: string; readonly remedy: string },
    diagnostics: readonly Diagnostic[] = [],
  ) {
    super(text.what);
    this.name = 'FleetError';
    this.code = code;
    this.why = text.why;
    this.remedy = text.remedy;
    this.diagnostics = diagnostics;
  }
}
