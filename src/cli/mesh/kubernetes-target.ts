import { diagnose } from '../../diagnostics/index.ts';
import type { ProxyStatus } from '../../embedded/fleet-api.ts';
import { AdminClient } from '../../proxies/index.ts';
import { diagnosedError } from '../cli-error.ts';
import type { CommandCall } from '../command-spec.ts';
import { askIstiods, dialPod } from '../kubernetes/istiod.ts';
import { connectKubernetes, type KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { findPods, hasProxy, parseWorkload } from '../kubernetes/pods.ts';
import type { MeshProxy, MeshTarget } from './mesh-target.ts';

/** Envoy's admin interface, on the loopback of its pod. */
const ADMIN_PORT = 15_000;

/** The cluster of the kubeconfig that a command is about. */
export async function kubernetesTarget({ options, env }: CommandCall): Promise<MeshTarget> {
  const cluster = await connectKubernetes({ options, env });
  const hasNamespace = options.text('namespace') !== undefined;
  return {
    kind: 'kubernetes',
    proxies: async (wanted) => {
      const all = (await connectedProxies(cluster)).filter(
        (proxy) => !hasNamespace || proxy.namespace === cluster.namespace,
      );
      return wanted === undefined ? all : await chooseProxies(cluster, all, { wanted, hasNamespace });
    },
    reach: async (wanted) => {
      const pods = await findPods(cluster, wanted, hasNamespace);
      const pod = pods.find(hasProxy);
      if (pod) {
        const { name, namespace = '' } = pod.metadata;
        return { pod: name, namespace, admin: new AdminClient(dialPod(cluster, pod, ADMIN_PORT)) };
      }
      const { name = '', namespace = '' } = pods[0]?.metadata ?? {};
      throw diagnosedError(diagnose('PEL7106', { pod: `${name}.${namespace}`, namespace }));
    },
  };
}

/** What every replica of istiod says of the streams that it has. */
export async function connectedProxies(cluster: KubernetesCluster): Promise<readonly MeshProxy[]> {
  const answers = await askIstiods(cluster, { path: '/debug/syncz' });
  return answers.flatMap(({ istiod, value }) =>
    (Array.isArray(value) ? (value as readonly ProxyStatus[]) : []).map((proxy) => ({ ...proxy, istiod })),
  );
}

/** Proxies of other clusters are connected too, so a pod is looked for among them and not in this cluster. */
async function chooseProxies(
  cluster: KubernetesCluster,
  all: readonly MeshProxy[],
  { wanted, hasNamespace }: { readonly wanted: string; readonly hasNamespace: boolean },
): Promise<readonly MeshProxy[]> {
  if (parseWorkload(wanted, hasNamespace).kind === 'pod') {
    const name = wanted.replace(/^[^/]*\//, '');
    return all.filter((proxy) => [proxy.id, proxy.pod, `${proxy.pod}.${proxy.namespace}`].includes(name));
  }
  const pods = await findPods(cluster, wanted, hasNamespace);
  const names = new Set(pods.map(({ metadata }) => `${metadata.name}.${metadata.namespace}`));
  return all.filter((proxy) => names.has(`${proxy.pod}.${proxy.namespace}`));
}
