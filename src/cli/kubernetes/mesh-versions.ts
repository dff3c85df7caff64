import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { connectedProxies } from '../mesh/kubernetes-target.ts';
import { listAt, textAt } from '../objects/body.ts';
import { askIstiod, findIstiods, MONITORING_PORT } from './istiod.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

/** One replica of the control plane. */
export interface ControlPlaneVersion {
  readonly pod: string;
  readonly revision: string;
  readonly version: string;
}

/** One connected proxy: the version of its Envoy. */
export interface ProxyVersion {
  readonly id: string;
  readonly version: string;
}

export interface MeshVersions {
  readonly controlPlanes: readonly ControlPlaneVersion[];
  readonly proxies: readonly ProxyVersion[];
}

/** @throws {CliError} where there is no control plane, or it does not answer. */
export async function readMeshVersions(cluster: KubernetesCluster): Promise<MeshVersions> {
  const pods = await findIstiods(cluster);
  const [controlPlanes, proxies] = await Promise.all([
    Promise.all(pods.map((pod) => versionOf(cluster, pod))),
    connectedProxies(cluster),
  ]);
  return { controlPlanes, proxies: proxies.map(({ id, version }) => ({ id, version })) };
}

/** What it says at `/version`, as text or in a field; else the tag of its image. */
async function versionOf(cluster: KubernetesCluster, pod: KubernetesObject): Promise<ControlPlaneVersion> {
  const { istiod, revision, status, value } = await askIstiod(cluster, pod, {
    path: '/version',
    port: MONITORING_PORT,
  });
  const said = typeof value === 'string' ? value : textAt(value, 'version');
  return { pod: istiod, revision, version: status === 200 && said !== '' ? said : imageTag(pod) };
}

function imageTag(pod: KubernetesObject): string {
  const [container] = listAt(pod, 'spec', 'containers');
  return /:([^:/@]+)(?:@|$)/.exec(textAt(container, 'image'))?.[1] ?? 'unknown';
}

/** `1.40.0 (3 proxies), 1.39.0 (1 proxies)`, the most frequent first; `none` where there are none. */
export function countVersions(versions: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const version of versions) counts.set(version, (counts.get(version) ?? 0) + 1);
  const sorted = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return sorted.map(([version, count]) => `${version} (${count} proxies)`).join(', ') || 'none';
}
