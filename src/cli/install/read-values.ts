import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatDiagnostic } from '../../diagnostics/index.ts';
import { InstallError, type InstallValues, readInstallValues, type ValuesFile } from '../../install/index.ts';
import { diagnosedError, usageError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';

/** The values of a command line; what in them does nothing is told. @throws {CliError} */
export async function readValues(call: CommandCall, context: string): Promise<InstallValues> {
  const { options, terminal, env } = call;
  const files = await Promise.all(options.list('filename').map((name) => readValuesFile(name, call.cwd)));
  const revision = options.text('revision');
  const namespace = options.text('istioNamespace');
  try {
    const { values, warnings } = readInstallValues({
      files,
      sets: options.list('set'),
      // `default` is how Istio writes the one without a name.
      revision: revision === 'default' ? '' : revision,
      namespace: namespace === 'istio-system' ? undefined : namespace,
      context,
      env,
    });
    for (const warning of warnings) terminal.err(`${formatDiagnostic(warning)}\n`);
    return values;
  } catch (error) {
    throw told(error);
  }
}

async function readValuesFile(name: string, cwd: string): Promise<ValuesFile> {
  try {
    const text = await readFile(name === '-' ? '/dev/stdin' : resolve(cwd, name), 'utf8');
    return { name: name === '-' ? 'stdin' : name, text };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw usageError(`the values ${name} cannot be read: ${said}`, 'Give the path of a YAML file, or - for the input.');
  }
}

/** An error of an installation as one of the command. */
export function told(error: unknown): unknown {
  return error instanceof InstallError ? diagnosedError(error.diagnostic) : error;
}
