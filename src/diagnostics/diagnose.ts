import { CATALOGUE } from './catalogue/index.ts';
import type { Diagnostic, DiagnosticPlace } from './diagnostic.ts';

/** A code of the catalogue: `PEL1001`. */
export type DiagnosticCode = keyof typeof CATALOGUE;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Placeholders<Rest>
  : never;

type ParameterNames<Code extends DiagnosticCode> = Placeholders<
  (typeof CATALOGUE)[Code]['message'] | (typeof CATALOGUE)[Code]['cause'] | (typeof CATALOGUE)[Code]['remedy']
>;

/** What a code's texts need to be filled in with. */
export type DiagnosticParameters<Code extends DiagnosticCode> = {
  readonly [Name in ParameterNames<Code>]: string | number;
};

/** Values from outside are cut to this many characters, so that a message stays readable. */
const MAX_PARAMETER_LENGTH = 400;

/** Makes the diagnostic of a code: its texts filled in, at its place. */
export function diagnose<Code extends DiagnosticCode>(
  code: Code,
  parameters: DiagnosticParameters<Code>,
  place: DiagnosticPlace = {},
): Diagnostic {
  const entry = CATALOGUE[code];
  return {
    code,
    severity: entry.severity,
    message: fill(entry.message, parameters),
    cause: fill(entry.cause, parameters),
    remedy: fill(entry.remedy, parameters),
    ...(place.object ? { object: place.object } : {}),
    ...(place.at ? { at: place.at } : {}),
    ...(place.path !== undefined ? { path: place.path } : {}),
  };
}

function fill(template: string, parameters: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{([a-zA-Z]+)\}/g, (whole, name: string) => {
    const value = parameters[name];
    return value === undefined ? whole : shorten(String(value));
  });
}

function shorten(text: string): string {
  return text.length <= MAX_PARAMETER_LENGTH ? text : `${text.slice(0, MAX_PARAMETER_LENGTH)}…`;
}
