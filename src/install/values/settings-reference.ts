import { at, isPlain } from '../plain.ts';
import { DEFAULTS } from './defaults.ts';
import { KNOWN_SPEC, KNOWN_VALUES, type Known } from './known-values.ts';

/** One setting, for the reference page. */
export interface SettingRow {
  /** `values.global.meshID`; `[]` stands for each item of a list. */
  readonly path: string;
  readonly kind: 'any' | 'unused';
  /** As JSON; empty where there is none. */
  readonly preset: string;
}

/** Every setting there is, sorted by path. MeshConfig is Istio's own and not among them. */
export function settingsReference(): readonly SettingRow[] {
  const { meshConfig: _, ...values } = KNOWN_VALUES;
  return rows({ ...KNOWN_SPEC, values }, []).sort((a, b) => (a.path < b.path ? -1 : 1));
}

function rows(known: Known, path: readonly string[]): SettingRow[] {
  if (known === 'any' || known === 'unused') {
    const preset = at(DEFAULTS, ...path);
    const isEmpty = preset === undefined || preset === '' || (isPlain(preset) && Object.keys(preset).length === 0);
    return [{ path: written(path), kind: known, preset: isEmpty ? '' : JSON.stringify(preset) }];
  }
  return Object.entries(known).flatMap(([key, below]) => rows(below, [...path, key]));
}

/** Keys with dots in them are written as `--set` takes them. */
function written(path: readonly string[]): string {
  const keys = path.map((key) => key.replaceAll('.', '\\.'));
  return keys.join('.').replace(/(components\.(?:in|e)gressGateways)\./, '$1[].');
}
