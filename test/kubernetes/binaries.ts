import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where etcd and kube-apiserver are, or why there are none. */
export type Binaries =
  | { readonly kind: 'found'; readonly etcd: string; readonly apiServer: string; readonly kubectl: string | undefined }
  | { readonly kind: 'missing'; readonly reason: string };

/** The folder that `$KUBEBUILDER_ASSETS` names, as for envtest; else the newest build that the lab left in the cache. */
export function findBinaries(env: Readonly<Record<string, string | undefined>> = process.env): Binaries {
  const named = env['KUBEBUILDER_ASSETS'];
  const folders = named ? [named] : labFolders();
  for (const folder of folders) {
    const [etcd, apiServer, kubectl] = ['etcd', 'kube-apiserver', 'kubectl'].map((name) => join(folder, name));
    if (etcd && apiServer && runs(etcd) && runs(apiServer)) {
      return { kind: 'found', etcd, apiServer, kubectl: kubectl && runs(kubectl) ? kubectl : undefined };
    }
  }
  const where = named ? `$KUBEBUILDER_ASSETS (${named})` : 'the cache of the lab, and $KUBEBUILDER_ASSETS is not set';
  return { kind: 'missing', reason: `no etcd and kube-apiserver in ${where}` };
}

/** For the option `skip` of a test: the reason, or false. Under CI nothing is skipped: the test fails with the reason. */
export function withoutKubernetes(): string | false {
  const binaries = findBinaries();
  return binaries.kind === 'missing' && process.env['CI'] !== 'true' ? binaries.reason : false;
}

function labFolders(): readonly string[] {
  const cache = join(homedir(), '.cache', 'k8s-lab');
  try {
    const folders = readdirSync(cache).map((name) => join(cache, name, 'bin'));
    return folders.filter(runs).sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  } catch {
    return [];
  }
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
