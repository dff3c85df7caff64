import { isNotFound, type KubernetesList, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { askIstiods, type IstiodAnswer } from '../kubernetes/istiod.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { listPods } from '../kubernetes/pods.ts';
import { connectedProxies } from '../mesh/kubernetes-target.ts';
import type { MeshProxy } from '../mesh/mesh-target.ts';
import { textAt } from '../objects/body.ts';

/** What several checks look at, read once for all of them. */
export interface MeshFacts {
  /** Pods of istiod in this cluster, running or not. */
  istiodPods(): Promise<readonly KubernetesObject[]>;
  /** Does another cluster's control plane serve this one? */
  isRemote(): Promise<boolean>;
  proxies(): Promise<readonly MeshProxy[]>;
  pods(): Promise<readonly KubernetesObject[]>;
  namespaces(): Promise<readonly KubernetesObject[]>;
  members(): Promise<readonly IstiodAnswer[]>;
  /** Undefined where it is not there. */
  read(path: string): Promise<KubernetesObject | undefined>;
  list(path: string, query?: Readonly<Record<string, string>>): Promise<readonly KubernetesObject[]>;
}

/** Nothing is asked before it is needed, and nothing twice; to look again, make another. */
export function meshFacts(cluster: KubernetesCluster): MeshFacts {
  const { api, istioNamespace: namespace, revision } = cluster;
  const labelSelector = `app=istiod${revision === undefined ? '' : `,istio.io/rev=${revision}`}`;
  const list: MeshFacts['list'] = async (path, query = {}) => (await api.get<KubernetesList>(path, { query })).items;
  const read: MeshFacts['read'] = (path) =>
    api.get(path).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const istiodPods = once(() => listPods(cluster, { namespace, labelSelector }));
  return {
    istiodPods,
    isRemote: once(async () => {
      const service = await read(resourcePath({ apiVersion: 'v1', resource: 'services', namespace, name: 'istiod' }));
      return (
        (await istiodPods()).length === 0 && service !== undefined && textAt(service, 'spec', 'selector', 'app') === ''
      );
    }),
    proxies: once(() => connectedProxies(cluster)),
    pods: once(() => listPods(cluster, {})),
    namespaces: once(() => list('/api/v1/namespaces')),
    members: once(() => askIstiods(cluster, { path: '/debug/clusters' })),
    read,
    list,
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
