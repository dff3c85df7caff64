import { diagnose } from '../../diagnostics/index.ts';
import { objectName, remnants, type UninstallScope, uninstall } from '../../install/index.ts';
import type { ApiServer } from '../../kubernetes-api/index.ts';
import { diagnosedError, usageError } from '../cli-error.ts';
import type { CommandCall, RunCommand } from '../command-spec.ts';
import { told } from '../install/read-values.ts';
import { isAgreed } from '../install/run-install.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';
import type { Terminal } from '../output/terminal.ts';

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
    if (scope.kind === 'purge') await removeNames(api, isDryRun, terminal);
    if (changes.length === 0) terminal.out(`There is nothing of it in ${context}.\n`);
    else terminal.out(isDryRun ? 'Nothing was changed: this was a dry run.\n' : '✔ Uninstall complete\n');
    if (scope.kind === 'purge' && !isDryRun) {
      for (const { what, removal } of await remnants(api, namespace)) {
        terminal.err(`Left, as you made it: ${what}. To remove it: kubectl --context ${context} ${removal}\n`);
      }
    }
    return 0;
  } catch (error) {
    throw told(error);
  } finally {
    api.close();
  }
};

/** Names of the mesh in the cluster's own DNS; last, when nobody writes them anew. */
async function removeNames(api: ApiServer, isDryRun: boolean, terminal: Terminal): Promise<void> {
  if (isDryRun) {
    terminal.out("  Would take the mesh's zones out of CoreDNS, and remove Services of other clusters.\n");
    return;
  }
  const { removeCoreDnsZones, removeImportedServices } = await import('../../istiod/index.ts');
  await removeCoreDnsZones(api);
  const removed = await removeImportedServices(api);
  if (removed > 0) terminal.out(`  Removed ${removed} Services of other clusters.\n`);
}

function scopeOf({ options }: CommandCall): UninstallScope {
  const revision = options.text('revision');
  if (options.flag('purge')) {
    if (revision === undefined) return { kind: 'purge' };
    throw usageError('--purge and --revision exclude each other', 'Take one of them.');
  }
  if (revision !== undefined) return { kind: 'revision', revision: revision === 'default' ? '' : revision };
  throw diagnosedError(diagnose('PEL8015', {}));
}
