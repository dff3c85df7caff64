import { type Diagnostic, type DiagnosticCode, type DiagnosticParameters, diagnose } from '../diagnostics/index.ts';

/** Something that ends an installation, told to a person. */
export class InstallError extends Error {
  override readonly name = 'InstallError';
  readonly diagnostic: Diagnostic;

  constructor(diagnostic: Diagnostic, cause?: unknown) {
    super(diagnostic.message, cause === undefined ? undefined : { cause });
    this.diagnostic = diagnostic;
  }
}

export function installError<Code extends DiagnosticCode>(
  code: Code,
  parameters: DiagnosticParameters<Code>,
  cause?: unknown,
): InstallError {
  return new InstallError(diagnose(code, parameters), cause);
}
