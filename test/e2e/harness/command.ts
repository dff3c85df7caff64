import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout that is tested. */
export const ROOT: string = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
/** What users type. */
export const PELAGOS: string = join(ROOT, 'bin', 'pelagos');

/** A command that takes longer is stuck: nothing that is waited for here takes half as long on two busy cores. */
const DEADLINE_MS = 180_000;

export interface CommandResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Given on the standard input. */
  readonly input?: string;
}

/** Runs a command to its end; never rejects because of what the command says. */
export function runCommand(
  command: string,
  args: readonly string[],
  { env, cwd, input }: CommandOptions,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      stdout += part;
    });
    child.stderr.setEncoding('utf8').on('data', (part: string) => {
      stderr += part;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
    const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
    child.once('error', reject);
    // What a command leaves in the background may hold its pipes: its own end counts.
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      setImmediate(() => resolve({ code, signal, stdout, stderr }));
    });
  });
}

/** The whole result as a text, for messages of failed assertions. */
export function describeResult(args: readonly string[], result: CommandResult): string {
  const end = result.signal ?? `exit code ${result.code}`;
  return `pelagos ${args.join(' ')}: ${end}\n${result.stdout}\n${result.stderr}`;
}
