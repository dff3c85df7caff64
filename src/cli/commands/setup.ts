import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RunCommand } from '../command-spec.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));

export const run: RunCommand = ({ env }) =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SCRIPT], { env, stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
