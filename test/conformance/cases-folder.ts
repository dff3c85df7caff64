import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where the cases from the field are: `$PELAGOS_CONFORMANCE`, or `shared/conformance` beside the repository.
 * @returns undefined where they are not on this machine; tests are skipped then.
 */
export function findCases(folder: string): string | undefined {
  const root = process.env['PELAGOS_CONFORMANCE'] ?? join(import.meta.dirname, '../../../shared/conformance');
  const path = join(root, folder);
  return existsSync(path) ? path : undefined;
}

/** Why a test is skipped. */
export const NO_CASES: string = 'the conformance cases are not on this machine (set PELAGOS_CONFORMANCE)';
