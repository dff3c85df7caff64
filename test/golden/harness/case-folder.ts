import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { type Case, parseCase } from '../../../src/cases/index.ts';
import { formatDiagnostic } from '../../../src/diagnostics/index.ts';

/** The folder that all golden cases are in. */
export const GOLDEN: string = join(import.meta.dirname, '..');

/** A case and the fleet it is about. */
export interface CaseFolder {
  /** `mtls/plaintext is refused everywhere under strict` */
  readonly name: string;
  readonly folder: string;
  readonly case: Case;
}

/** All golden cases, in the order of their names. @throws with every mistake of a case that cannot be read. */
export function readCaseFolders(): readonly CaseFolder[] {
  return globSync('*/*/case.yaml', { cwd: GOLDEN })
    .sort()
    .map((file) => readCaseFolder(join(GOLDEN, dirname(file))));
}

export function readCaseFolder(folder: string): CaseFolder {
  const file = join(folder, 'case.yaml');
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
  const [error] = document.errors;
  if (error) throw new Error(`${file}: ${error.message}`);
  const parsed = parseCase({
    file,
    value: document.toJS({ maxAliasCount: 0 }),
    positionOf: (path) => {
      const node = document.getIn(path, true);
      if (!isNode(node) || !node.range) return undefined;
      const { line, col } = lines.linePos(node.range[0]);
      return { line, column: col };
    },
  });
  if (parsed.diagnostics.length > 0) throw new Error(parsed.diagnostics.map(formatDiagnostic).join('\n'));
  return { name: relative(GOLDEN, folder), folder, case: parsed.case };
}
