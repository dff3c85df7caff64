import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { parseObject } from '../../src/config/index.ts';
import { formatDiagnostic } from '../../src/diagnostics/index.ts';
import type { ClusterId } from '../../src/model/index.ts';
import { toRawObject } from '../../src/sources/index.ts';
import { findCases, NO_CASES } from './cases-folder.ts';

const folder = findCases('crd-schema');

for (const file of folder === undefined ? [] : readdirSync(folder)) {
  test(`${file}: documents fit the schema or do not, as said`, () => {
    const documents = parseAllDocuments(readFileSync(join(folder ?? '', file), 'utf8'));
    const bodies = documents.map((document) => document.toJS() as Record<string, unknown> | null);
    const wrong = bodies.flatMap((body) => (body === null ? [] : checkDocument(body)));
    assert.deepEqual(wrong, []);
  });
}

test('there are cases of the schema', { skip: folder === undefined && NO_CASES }, () => {
  assert.ok(readdirSync(folder ?? '').length > 0);
});

function checkDocument(document: Record<string, unknown>): string[] {
  const { _err: expected, ...body } = document;
  const raw = toRawObject(body, { cluster: 'cluster1' as ClusterId, origin: { kind: 'generated', by: 'test' } });
  if (!('ref' in raw)) return [`not an object: ${raw.problem}`];
  const { diagnostics } = parseObject(raw);
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  if (errors.length > 0 === (expected !== undefined)) return [];
  const text = JSON.stringify(body);
  return [
    expected === undefined
      ? `must be accepted: ${text}\n${errors.map(formatDiagnostic).join('\n')}`
      : `must be refused (${expected}): ${text}`,
  ];
}
