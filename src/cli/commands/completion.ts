import { usageError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { bashCompletion, fishCompletion, zshCompletion } from '../output/completion-script.ts';
import { COMMANDS, GLOBAL_OPTIONS, GROUPS } from '../specs/index.ts';

export const run: RunCommand = async ({ args, terminal }) => {
  const scripts = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };
  const shell = args[0] ?? '';
  if (!Object.hasOwn(scripts, shell))
    throw usageError(`there is no completion for "${shell}"`, 'Choose bash, zsh or fish.');
  terminal.out(scripts[shell as keyof typeof scripts]({ commands: COMMANDS, groups: GROUPS, globals: GLOBAL_OPTIONS }));
  return 0;
};
