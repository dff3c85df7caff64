import { diagnose } from '../../diagnostics/index.ts';
import { objectName, type UninstallScope, uninstall } from '../../install/index.ts';
import { diagnosedError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { told } from '../install/read-values.ts';
import { isAgreed } from '../install/run-install.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';

export const run: RunCommand = async (call) => {
  const { options, terminal } = call;
  const scope = scopeOf(call);
  const { api, context, istioNamespace: namespace } = await connectKubernetes(call);
  const isDryRun = options.flag('dryRun');
  const what =
    scope.kind === 'purge'
      ? 'everything of the mesh, with every object of the Istio API,'
      : `the control plane ${scope.revision || 'default'}`;
  try {
    if (
      !isDryRun &&
      !(await isAgreed(call, `This will remove ${what} from the cluster of context ${context}. Proceed?`))
    )
      return 1;
    const changes = await uninstall(api, {
      isDryRun,
      namespace,
      scope,
      onRemoved: ({ object }) => terminal.out(`  ${isDryRun ? 'Would remove' : 'Removed'} ${objectName(object)}.\n`),
    });
    if (changes.length === 0) terminal.out(`There is nothing of it in ${context}.\n`);
    else terminal.out(isDryRun ? 'Nothing was changed: this was a dry run.\n' : '✔ Uninstall complete\n');
    return 0;
  } catch (error) {
    throw told(error);
  } finally {
    api.close();
  }
};

function scopeOf({ options }: CommandCall): UninstallScope {
  const revision = options.text('revision');
  if (options.flag('purge')) {
    if (revision === undefined) return { kind: 'purge' };
    throw usageError('--purge and --revision exclude each other', 'Take one of them.');
  }
  if (revision !== undefined) return { kind: 'revision', revision: revision === 'default' ? '' : revision };
  throw diagnosedError(diagnose('PEL8015', {}));
}
