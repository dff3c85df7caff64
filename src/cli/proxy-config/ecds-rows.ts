import { textAt } from '../objects/body.ts';
import type { Dumped } from './config-dump.ts';

export const ECDS_HEADINGS: readonly string[] = ['ECDS NAME', 'TYPE'];

/** One filter that comes by itself, and what it is: `envoy.extensions.filters.http.wasm.v3.Wasm`. */
export function ecdsRow(extension: Dumped): readonly string[] {
  return [textAt(extension, 'name'), textAt(extension, 'typed_config', '@type').split('/').at(-1) ?? ''];
}
