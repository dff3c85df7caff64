import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { KINDS } from '../kinds.ts';
import { compile } from '../schema/cel-rule.ts';
import type { Schema, SchemaFile } from '../schema/schema.ts';

const FILE = JSON.parse(readFileSync(join(import.meta.dirname, 'istio.gen.json'), 'utf8')) as SchemaFile;

function* schemasOf(schema: Schema): Generator<Schema> {
  yield schema;
  for (const child of Object.values(schema.properties ?? {})) yield* schemasOf(child);
  if (schema.items) yield* schemasOf(schema.items);
  if (schema.values) yield* schemasOf(schema.values);
}

const ALL = [
  ...Object.values(FILE.kinds).map(({ spec }) => spec),
  ...FILE.shared,
  ...KINDS.map(({ schema }) => schema),
].flatMap((schema) => [...schemasOf(schema)]);

test('every rule of the schemas can be compiled', () => {
  const rules = new Set(ALL.flatMap((schema) => schema.rules ?? []).map(({ rule }) => rule));
  assert.ok(rules.size > 30);
  for (const rule of rules) assert.doesNotThrow(() => compile(rule), rule);
});

test('every pattern is a regular expression, and every reference leads somewhere', () => {
  for (const { pattern, ref } of ALL) {
    if (pattern !== undefined) assert.doesNotThrow(() => new RegExp(pattern, 'u'), pattern);
    if (ref !== undefined) assert.ok(FILE.shared[ref]);
  }
});
