import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findKind, KINDS, parseObject } from '../../src/config/index.ts';
import { formatDiagnostic } from '../../src/diagnostics/index.ts';
import type { ClusterId, RawObject } from '../../src/model/index.ts';
import { toRawObject } from '../../src/sources/index.ts';
import { findCases, NO_CASES } from './cases-folder.ts';

interface ValidationCase {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly annotations: Readonly<Record<string, string>> | null;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly valid: boolean;
  readonly error?: string;
  readonly warning?: string;
}

/**
 * Cases that the file cannot tell from a valid one: an empty map or list was lost when they were written as JSON.
 * In YAML `portLevelMtls: {}`, `rules: []` and the like are refused.
 */
const LOST_IN_JSON: readonly string[] = [
  'port level mTLS, if defined, must have at least one element',
  '`from` must not be empty',
  '`to` must not be empty',
];

const folder = findCases('validation');

test('objects are accepted and refused as Istio does', { skip: folder === undefined && NO_CASES }, () => {
  const text = readFileSync(join(folder ?? '', 'cases.jsonl'), 'utf8');
  const cases = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ValidationCase);
  const wrong = cases.filter((each) => !LOST_IN_JSON.some((lost) => each.error?.includes(lost))).flatMap(check);
  assert.equal(wrong.length, 0, `${wrong.length} of ${cases.length}:\n${wrong.join('\n')}`);
});

function check(each: ValidationCase): string[] {
  const { diagnostics } = parseObject(rawObjectOf(each));
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
  const warnings = diagnostics.filter((diagnostic) => diagnostic.severity === 'warning');
  const isAccepted = errors.length === 0;
  const said = diagnostics.map(formatDiagnostic).join('\n');
  const spec = JSON.stringify(each.spec);
  if (isAccepted !== each.valid)
    return [`${each.kind} must be ${each.valid ? 'accepted' : `refused (${each.error})`}: ${spec}\n${said}`];
  if (each.valid && each.warning && warnings.length === 0)
    return [`${each.kind} must be warned of (${each.warning}): ${spec}`];
  return [];
}

function rawObjectOf(each: ValidationCase): RawObject {
  const definition = KINDS.find(({ kind }) => kind === each.kind);
  assert.ok(definition && findKind(definition.group, definition.kind));
  const metadata = {
    name: each.name || 'unnamed',
    namespace: each.namespace || 'default',
    labels: each.labels ?? {},
    annotations: each.annotations ?? {},
  };
  const body = {
    apiVersion: `${definition.group}/${definition.versions[0]}`,
    kind: each.kind,
    metadata,
    spec: each.spec,
  };
  const raw = toRawObject(body, { cluster: 'cluster1' as ClusterId, origin: { kind: 'generated', by: 'test' } });
  assert.ok('ref' in raw);
  return raw;
}
