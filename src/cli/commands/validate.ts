import { parseObject } from '../../config/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { gatherFiles } from '../analysis/gather.ts';
import { formatMessage, levelOf, structuredMessage } from '../analysis/message.ts';
import { usageError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { formatStructured, structuredFormat } from '../output/structured.ts';

export const run: RunCommand = async (call) => {
  const { options, terminal, args } = call;
  const names = [...options.list('filename'), ...args];
  if (names.length === 0) throw usageError('there is nothing to validate', 'Give a file, a folder or `-` with `-f`.');
  const files = await gatherFiles({ ...call, args: names }, 'local' as ClusterId);
  const diagnostics = [...files.diagnostics, ...files.objects.flatMap((object) => parseObject(object).diagnostics)];
  const format = structuredFormat(options.text('output'));
  if (format) terminal.out(await formatStructured(diagnostics.map(structuredMessage), format));
  else for (const diagnostic of diagnostics) terminal.out(formatMessage(terminal, diagnostic));
  const isGood = !diagnostics.some((each) => levelOf(each) === 'Error');
  if (isGood && !format) terminal.out('validation succeed\n');
  return isGood ? 0 : 1;
};
