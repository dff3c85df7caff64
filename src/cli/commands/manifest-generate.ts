import { meshObjects, readDefinitions } from '../../install/index.ts';
import { kubeconfigContexts } from '../../kubernetes-api/index.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { readValues, told } from '../install/read-values.ts';

export const run: RunCommand = async (call) => {
  const { stringify } = await import('yaml');
  const values = await readValues(call, await contextName(call));
  const { role } = values;
  const pilotAddress = role.kind === 'remote' && role.pilot.kind === 'address' ? role.pilot.address : undefined;
  try {
    const objects = meshObjects(values, {
      definitions: readDefinitions(),
      ...(pilotAddress === undefined ? {} : { pilotAddress }),
    });
    call.terminal.out(
      objects.map((object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 0 })).join('---\n'),
    );
    return 0;
  } catch (error) {
    throw told(error);
  }
};

/** No cluster is asked; without a kubeconfig the cluster has no name. */
async function contextName({ options }: CommandCall): Promise<string> {
  const named = options.text('context');
  if (named !== undefined) return named;
  const contexts = await kubeconfigContexts(options.text('kubeconfig')).catch(() => undefined);
  return contexts?.current ?? '';
}
