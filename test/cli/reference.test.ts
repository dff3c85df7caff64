/** The reference pages say what the code says. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { checksReference } from '../../scripts/reference/checks.ts';
import { cliReference } from '../../scripts/reference/cli.ts';
import { diagnosticsReference } from '../../scripts/reference/diagnostics.ts';
import { valuesReference } from '../../scripts/reference/values.ts';

const PAGES = {
  'checks.md': checksReference,
  'cli.md': cliReference,
  'diagnostics.md': diagnosticsReference,
  'values.md': valuesReference,
};

for (const [name, make] of Object.entries(PAGES)) {
  test(`docs/reference/${name} is made from the code as it is`, () => {
    const page = readFileSync(new URL(`../../docs/reference/${name}`, import.meta.url), 'utf8');
    assert.ok(page === make(), `docs/reference/${name} is out of date: run \`node scripts/reference/write.ts\``);
  });
}
