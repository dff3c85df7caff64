import { spawn } from 'node:child_process';

/** Of a program's output this much is kept, from its end. */
const MAX_OUTPUT = 64 * 1024;

/**
 * Runs a program to its end.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs?: number }} options
 * @returns {Promise<{ code: number, output: string, missing: boolean }>} never rejects; `missing`: there is no such program
 */
export function runProgram(command, args, options = {}) {
  return new Promise((resolve) => {
    let output = '';
    const keep = (part) => {
      output = (output + part).slice(-MAX_OUTPUT);
    };
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
    });
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => resolve({ code: 127, output: error.message, missing: error.code === 'ENOENT' }));
    child.on('close', (code, signal) =>
      resolve({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output, missing: false }),
    );
  });
}
