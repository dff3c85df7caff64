/** Writes the reference pages that are made from the code: `node scripts/reference/write.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { checksReference } from './checks.ts';
import { cliReference } from './cli.ts';
import { diagnosticsReference } from './diagnostics.ts';
import { valuesReference } from './values.ts';

const FOLDER = new URL('../../docs/reference/', import.meta.url);

mkdirSync(FOLDER, { recursive: true });
writeFileSync(new URL('cli.md', FOLDER), cliReference());
writeFileSync(new URL('diagnostics.md', FOLDER), diagnosticsReference());
writeFileSync(new URL('values.md', FOLDER), valuesReference());
writeFileSync(new URL('checks.md', FOLDER), checksReference());
