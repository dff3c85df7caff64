import type { Diagnostic } from '../diagnostics/index.ts';

/** Something that ends a command, told to a person: what is wrong, why, and what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** `PEL7001`, or what the fleet answered. */
  readonly code: string;
  readonly why: string;
  readonly remedy: string;
  /** 1: it failed. 2: it was asked for in a wrong way. */
  readonly exitCode: 1 | 2;

  constructor(
    text: { readonly code: string; readonly what: string; readonly why: string; readonly remedy: string },
    exitCode: 1 | 2 = 1,
  ) {
    super(text.what);
    this.code = text.code;
    this.why = text.why;
    this.remedy = text.remedy;
    this.exitCode = exitCode;
  }
}

/** The text a person reads, in the form of a diagnostic. Ends with a line feed. */
export function formatCliError({ code, message, why, remedy }: CliError): string {
  const lines = [
    `error ${code} ${message}`,
    ...(why ? [`  why:  ${why}`] : []),
    ...(remedy ? [`  do:   ${remedy}`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** A mistake in the command line. */
export function usageError(what: string, remedy: string): CliError {
  return new CliError({ code: 'usage', what, why: '', remedy }, 2);
}

/** Told where a command needs a pod, cluster or proxy that is not there. */
export function notFoundError(what: string, why: string, remedy: string): CliError {
  return new CliError({ code: 'not-found', what, why, remedy });
}

/** An entry of the catalogue that ends the command. */
export function diagnosedError({ code, message, cause, remedy }: Diagnostic): CliError {
  return new CliError({ code, what: message, why: cause, remedy });
}
