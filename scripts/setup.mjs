// Everything that must be there before the first start, and nothing that is there already:
//
//   npm run setup
//
// npm packages, the TypeScript modules of Envoy's API, the pinned Envoy, the link for `npx pelagos`. Needs Node.js 20,
// npm and Python 3 with pip. Runs in front of `npm start` and `npm test`, so it takes no time when there is nothing to do.

import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { linkCommandLine } from './setup/cli-link.mjs';
import { provideEnvoy } from './setup/envoy-program.mjs';
import { modernNode } from './setup/modern-node.mjs';
import { installPackages } from './setup/npm-packages.mjs';
import { SetupError } from './setup/setup-error.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** In this order: the types are made by an npm package, and the link lies among the packages. */
const STEPS = [
  { name: 'npm packages', run: () => installPackages(ROOT) },
  { name: 'Node.js', run: async () => ({ changed: false, message: `Node.js: ${modernNode(ROOT)}` }) },
  { name: 'Envoy API types', run: makeEnvoyTypes },
  { name: 'Envoy', run: () => provideEnvoy(ROOT, tell) },
  { name: 'command line', run: () => linkCommandLine(ROOT) },
];

/** Loaded late: it stands on npm packages. */
async function makeEnvoyTypes() {
  const { generateEnvoyTypes } = await import('./generate-envoy-types.mjs');
  return generateEnvoyTypes(ROOT);
}

function tell(text) {
  process.stdout.write(`setup: ${text} …\n`);
}

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

async function setUp() {
  const startedMs = performance.now();
  let changes = 0;
  for (const { name, run } of STEPS) {
    const stepMs = performance.now();
    try {
      const { changed, message } = await run();
      if (!changed) continue;
      changes += 1;
      process.stdout.write(`setup: ${message} (${seconds(stepMs)})\n`);
    } catch (error) {
      const text = error instanceof SetupError ? error.message : (error?.stack ?? String(error));
      process.stderr.write(`setup: ${name} failed after ${seconds(stepMs)}. ${text}\n`);
      return 1;
    }
  }
  process.stdout.write(`setup: ${changes === 0 ? 'all is in place' : 'done'} (${seconds(startedMs)})\n`);
  return 0;
}

process.exitCode = await setUp();
