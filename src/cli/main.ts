/**
 * The commands `pelagos` and `istioctl`. Takes what a person typed, prints what a running fleet, or a Kubernetes cluster
 * with its istiod and its Envoys, answers. Must never decide anything about the mesh: that is for the stages below.
 */
import { CommanderError } from 'commander';
import { CliError, formatCliError } from './cli-error.ts';
import { explainError } from './kubernetes/explain-error.ts';
import { endOnBrokenPipe } from './output/terminal.ts';
import { createProgram, processSurroundings } from './program.ts';

const FAILURE = 1;
const USAGE = 2;

endOnBrokenPipe();
const program = process.env['PELAGOS_PROGRAM'] === 'istioctl' ? 'istioctl' : 'pelagos';
// It is about this process alone, not about programs that it starts.
delete process.env['PELAGOS_PROGRAM'];
try {
  const around = processSurroundings((exitCode) => {
    process.exitCode = exitCode;
  });
  await createProgram(program, around).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

function exitCodeOf(error: unknown): number {
  // Commander has already written what was wrong; for help and version it ends with 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  if (process.env['PELAGOS_DEBUG'] === '1' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  const told = explainError(error) ?? unexpected(error);
  process.stderr.write(formatCliError(told));
  return told.exitCode ?? FAILURE;
}

function unexpected(error: unknown): CliError {
  return new CliError({
    code: 'unexpected',
    what: error instanceof Error ? error.message : String(error),
    why: 'This should not happen: it is a mistake in Pelagos, or something on this machine that it did not expect.',
    remedy: 'Run it again with PELAGOS_DEBUG=1, which shows where it came from.',
  });
}
