import { spawn } from 'node:child_process';

/** Why set-up cannot go on: what is wrong, why it matters, what to do. */
export class SetupError extends Error {}

/** Ends set-up with a message for a person. */
export function fail({ what, why, remedy, output = '' }) {
  const lines = output.trim().split('\n');
  const tail = (lines.length > 16 ? [...lines.slice(0, 8), '...', ...lines.slice(-8)] : lines)
    .map((line) => `    ${line}`)
    .join('\n');
  throw new SetupError(
    `set-up failed: ${what}.\n  Why it matters: ${why}.\n  What to do: ${remedy}${tail.trim() ? `\n${tail}` : ''}`,
  );
}

/** Runs a program and keeps what it prints. A program that is not there gives code 127. */
export function run(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const take = (part) => {
      output = (output + part).slice(-20_000);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => resolve({ code: 127, output: String(error.message) }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
