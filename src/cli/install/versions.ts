import { diagnose } from '../../diagnostics/index.ts';
import { compareVersions, type InstallValues, istiodVersion, TAG } from '../../install/index.ts';
import { diagnosedError } from '../cli-error.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';

/** Stops where a newer control plane than this program's is installed. @throws {CliError} PEL8014 */
export async function refuseOlder({ api, context }: KubernetesCluster, values: InstallValues): Promise<void> {
  const present = await istiodVersion(api, values);
  if (present === undefined || compareVersions(present, TAG) <= 0) return;
  throw diagnosedError(diagnose('PEL8014', { cluster: context, present, ours: TAG }));
}
