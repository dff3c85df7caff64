import type { RunCommand } from '../command-spec.ts';
import { runInstall } from '../install/run-install.ts';

export const run: RunCommand = runInstall;
