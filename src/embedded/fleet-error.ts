import type { Diagnostic } from '../diagnostics/index.ts';

export type FleetErrorCode = 'already-running' | 'bad-fleet' | 'no-envoy' | 'no-network' | 'state-folder';

/** Why a fleet could not be started: what is wrong, why it matters, what to do. */
export class FleetError extends Error {
  readonly code: FleetErrorCode;
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
  /** The findings that stopped it, each with its place. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: FleetErrorCode,
    text: { readonly what: string; readonly why: string; readonly remedy: string },
    diagnostics: readonly Diagnostic[] = [],
  ) {
    super(`${text.what} ${text.why} ${text.remedy}`);
    this.name = 'FleetError';
    this.code = code;
    this.what = text.what;
    this.why = text.why;
    this.remedy = text.remedy;
    this.diagnostics = diagnostics;
  }
}
