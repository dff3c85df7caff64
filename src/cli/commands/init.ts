import { cpSync, existsSync, readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CliError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/', import.meta.url));

export const run: RunCommand = async ({ args, options, cwd, terminal }) => {
  const example = options.text('example') ?? 'two-clusters';
  const dir = resolve(cwd, args[0] ?? example);
  if (existsSync(dir) && readdirSync(dir).length > 0) {
    throw new CliError({
      code: 'not-empty',
      what: `${dir} is not empty`,
      why: 'An example would mix with what is there.',
      remedy: 'Give a new folder: `pelagos init my-mesh`.',
    });
  }
  cpSync(join(EXAMPLES, example), dir, { recursive: true });
  const below = relative(cwd, dir);
  const name = below.startsWith('..') ? dir : below || '.';
  terminal.out(`Created ${name} from the example ${example}. Next:\n  pelagos up ${name}\n`);
  return 0;
};
