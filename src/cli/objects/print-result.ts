import { formatDiagnostic } from '../../diagnostics/index.ts';
import type { ApplyResult } from '../../embedded/fleet-api.ts';
import { type Style, styled, type Terminal } from '../output/terminal.ts';
import { formatResourceName } from './kinds.ts';

const STYLES: Readonly<Record<string, Style>> = { refused: 'red', 'not-found': 'yellow', unchanged: 'dim' };

/**
 * Prints what became of each object as kubectl does (`service/web created`), then what is wrong with them.
 * @returns false where something was refused or has errors.
 */
export function printResult(terminal: Terminal, result: ApplyResult): boolean {
  for (const { ref, action } of result.objects) {
    const word = action === 'not-found' ? 'not found' : action;
    const style = STYLES[action];
    terminal.out(`${formatResourceName(ref.kind, ref.name)} ${style ? styled(terminal, style, word) : word}\n`);
  }
  for (const diagnostic of result.diagnostics) terminal.err(`${formatDiagnostic(diagnostic)}\n`);
  const isRefused = result.objects.some(({ action }) => action === 'refused');
  return !isRefused && !result.diagnostics.some(({ severity }) => severity === 'error');
}
