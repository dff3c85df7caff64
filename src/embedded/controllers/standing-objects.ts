import type { ClusterStore } from '../store/cluster-store.ts';
import { generatedObject } from './generated-object.ts';
import { nodeNameOf } from './make-pod.ts';

/** Namespaces that every cluster has, as with Kubernetes and Istio. */
const STANDING_NAMESPACES = ['default', 'istio-system'];

/** Where a cluster is. */
export interface NodeFacts {
  readonly region: string;
  readonly zone: string;
}

/** Makes the cluster's one node; it says where the cluster's pods are. */
export function makeNode(store: ClusterStore, { region, zone }: NodeFacts): void {
  const name = nodeNameOf(store.cluster);
  const body = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        ...(region === '' ? {} : { 'topology.kubernetes.io/region': region }),
        ...(zone === '' ? {} : { 'topology.kubernetes.io/zone': zone }),
      },
    },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  };
  store.setBuiltIn(generatedObject(store.cluster, 'node', body));
}

/**
 * Makes the namespaces that objects are in and each namespace's default service account, where nobody has made them:
 * on one's own machine nobody should have to write them down.
 */
export function ensureStandingObjects(store: ClusterStore): void {
  for (const name of [...STANDING_NAMESPACES, ...store.namespacesInUse()]) {
    if (!store.get('Namespace', '', name)) {
      const labels = { 'kubernetes.io/metadata.name': name };
      const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
      store.set(generatedObject(store.cluster, 'namespace controller', body));
    }
    if (!store.get('ServiceAccount', name, 'default')) {
      const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: name } };
      store.set(generatedObject(store.cluster, 'service account controller', body));
    }
  }
}
