import { usageError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { requireFleet } from '../mesh/choose-target.ts';
import { printResult } from '../objects/print-result.ts';
import { readManifests } from '../objects/read-manifests.ts';
import { chooseCluster } from '../target.ts';

export const run: RunCommand = async (call) => {
  requireFleet(call, 'apply');
  const { options, cwd, terminal } = call;
  const names = options.list('filename');
  if (names.length === 0) throw usageError('there is nothing to apply', 'Give a file, a folder or `-` with `-f`.');
  const requests = await readManifests(names, { cwd, isRecursive: options.flag('recursive') });
  if (requests.length === 0)
    throw usageError(
      `there are no manifests in ${names.join(', ')}`,
      'They end in .yaml, .yml or .json; `-R` looks into folders below too.',
    );
  const client = connectFleet(call);
  const cluster = chooseCluster(await client.status(), call).name;
  const namespace = options.text('namespace');
  let isGood = true;
  for (const request of requests) {
    const result = await client.apply(cluster, { ...request, ...(namespace === undefined ? {} : { namespace }) });
    isGood = printResult(terminal, result) && isGood;
  }
  return isGood ? 0 : 1;
};
