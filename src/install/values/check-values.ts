import { suggest } from '../../diagnostics/index.ts';
import { isPlain } from '../plain.ts';
import { KNOWN_MESH_CONFIG, KNOWN_SPEC, KNOWN_VALUES, type Known } from './known-values.ts';

/** A setting that does nothing, and why. */
export interface ValueFinding {
  readonly kind: 'unknown' | 'unused';
  /** `values.global.proxy.imag`. */
  readonly path: string;
  /** ` - did you mean image?`, or nothing. */
  readonly suggestion: string;
}

/** Beyond this many, more findings help nobody. */
const MAX_FINDINGS = 50;

/** Every setting of a `spec` that nothing acts on, in the order of the document. */
export function checkSpec(spec: unknown): readonly ValueFinding[] {
  const findings: ValueFinding[] = [];
  const known: Known = { ...KNOWN_SPEC, values: KNOWN_VALUES, meshConfig: KNOWN_MESH_CONFIG };
  walk(spec, known, '', findings);
  return findings.slice(0, MAX_FINDINGS);
}

function walk(value: unknown, known: Known, path: string, findings: ValueFinding[]): void {
  if (known === 'any' || findings.length > MAX_FINDINGS) return;
  if (known === 'unused') {
    findings.push({ kind: 'unused', path, suggestion: '' });
    return;
  }
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) walk(item, known, `${path}[${index}]`, findings);
    return;
  }
  if (!isPlain(value)) return;
  for (const [key, child] of Object.entries(value)) {
    const below = path === '' ? key : `${path}.${key}`;
    const rule = Object.hasOwn(known, key) ? known[key] : undefined;
    if (rule === undefined)
      findings.push({ kind: 'unknown', path: below, suggestion: suggest(key, Object.keys(known)) });
    else walk(child, rule, below, findings);
  }
}
