/** The command under its name istioctl, run in the process of the test: quicker than one of its own. */
import { join } from 'node:path';
import { formatCliError } from '../../src/cli/cli-error.ts';
import { explainError } from '../../src/cli/kubernetes/explain-error.ts';
import { createProgram, type Surroundings } from '../../src/cli/program.ts';

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** @param folder where it works, and where it would look for fleets. */
export async function runIstioctl(args: readonly string[], folder: string): Promise<Outcome> {
  let code = 0;
  let out = '';
  let err = '';
  const around: Surroundings = {
    env: { PELAGOS_STATE: join(folder, 'state') },
    cwd: folder,
    now: Date.now,
    finish: (exitCode) => {
      code = exitCode;
    },
    terminal: () => ({
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      isInteractive: false,
      hasColor: false,
      size: () => ({ columns: 80, rows: 24 }),
    }),
  };
  try {
    await createProgram('istioctl', around).parseAsync([...args], { from: 'user' });
  } catch (error) {
    const told = explainError(error);
    if (!told) throw error;
    code = told.exitCode;
    err += formatCliError(told);
  }
  return { code, out, err };
}
