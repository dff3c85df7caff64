import { type Diagnostic, diagnose } from '../diagnostics/index.ts';
import { formatObjectRef } from '../model/index.ts';
import type { Nack } from '../xds/index.ts';

/** One proxy's refusal of one resource. */
export function nackKey({ proxy, type, resource }: Nack): string {
  return JSON.stringify([proxy, type, resource]);
}

/** What to tell the author of the object that the resource came from. */
export function nackDiagnostic(nack: Nack): Diagnostic {
  const [object] = nack.origins;
  const diagnostic = diagnose('PEL5006', {
    proxy: nack.proxy,
    resource: nack.resource,
    problem: nack.message,
    origins: nack.origins.map(formatObjectRef).join(', '),
  });
  return object ? { ...diagnostic, object } : diagnostic;
}
