import type { DeleteRequest } from '../../embedded/fleet-api.ts';
import { usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { connectFleet } from '../find-fleet.ts';
import { requireFleet } from '../mesh/choose-target.ts';
import { parseKinds } from '../objects/kinds.ts';
import { printResult } from '../objects/print-result.ts';
import { readManifests } from '../objects/read-manifests.ts';
import { chooseCluster } from '../target.ts';

export const run: RunCommand = async (call) => {
  requireFleet(call, 'delete');
  const requests = call.options.list('filename').length > 0 ? await fromFiles(call) : fromNames(call);
  const client = connectFleet(call);
  const cluster = chooseCluster(await client.status(), call).name;
  const isTolerant = call.options.flag('ignoreNotFound');
  let isGood = true;
  for (const request of requests) {
    const result = await client.delete(cluster, request);
    const objects = isTolerant ? result.objects.filter(({ action }) => action !== 'not-found') : result.objects;
    isGood =
      printResult(call.terminal, { ...result, objects }) &&
      !objects.some(({ action }) => action === 'not-found') &&
      isGood;
  }
  return isGood ? 0 : 1;
};

async function fromFiles({ args, options, cwd }: CommandCall): Promise<readonly DeleteRequest[]> {
  if (args.length > 0) throw usageError('files and names at once', 'Delete either what `-f` has, or KIND NAME.');
  const requests = await readManifests(options.list('filename'), { cwd, isRecursive: options.flag('recursive') });
  const namespace = options.text('namespace');
  return requests.map((request) => ({ ...request, ...(namespace === undefined ? {} : { namespace }) }));
}

function fromNames({ args, options }: CommandCall): readonly DeleteRequest[] {
  const [first = '', ...rest] = args;
  const pairs = first.includes('/') ? args.map((pair) => pair.split('/', 2)) : rest.map((name) => [first, name]);
  if (pairs.length === 0) throw usageError('there is nothing to delete', 'Give a file with `-f`, or KIND NAME.');
  return pairs.map(([word = '', name = '']) => {
    const [kind, ...others] = parseKinds(word);
    if (!kind || others.length > 0 || name === '')
      throw usageError(`"${word}/${name}" is no object`, 'Write KIND NAME or KIND/NAME.');
    return { kind: kind.kind, name, namespace: kind.namespaced ? (options.text('namespace') ?? 'default') : '' };
  });
}
