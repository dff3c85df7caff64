import { istiodVersion, TAG } from '../../install/index.ts';
import { notFoundError } from '../cli-error.ts';
import type { RunCommand } from '../command-spec.ts';
import { runInstall } from '../install/run-install.ts';
import { connectKubernetes } from '../kubernetes/kubernetes-cluster.ts';

export const run: RunCommand = async (call) => {
  const { api, context, istioNamespace, revision = '' } = await connectKubernetes(call);
  const wanted = { namespace: istioNamespace, revision: revision === 'default' ? '' : revision };
  const present = await istiodVersion(api, wanted).finally(() => api.close());
  if (present === undefined) {
    throw notFoundError(
      `there is nothing to upgrade in ${context}`,
      `No control plane of this program is in ${istioNamespace}${revision === '' ? '' : ` under revision ${revision}`}.`,
      'Install one with `install`, or name the right `--context`, `-i` and `--revision`.',
    );
  }
  call.terminal.out(
    `${context} has ${present}; ${present === TAG ? 'this is the same version' : `${TAG} takes its place`}.\n`,
  );
  return await runInstall(call);
};
