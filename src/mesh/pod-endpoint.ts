import type { Endpoint } from '../model/index.ts';
import type { MeshObject } from './objects.ts';
import type { Placement } from './placement.ts';
import { TLS_MODE_LABEL } from './slice-endpoints.ts';

/** A pod as an endpoint of its own, ready or not; undefined while it has no address. Tracked. */
export function podEndpoint(placement: Placement, pod: MeshObject<'Pod'>, port: number): Endpoint | undefined {
  const address = pod.status?.podIP;
  if (!address) return undefined;
  return {
    cluster: pod.ref.cluster,
    network: placement.networkOfPod(pod),
    namespace: pod.meta.namespace,
    workload: pod.meta.name,
    address,
    port,
    labels: pod.meta.labels,
    locality: placement.localityOf(pod.ref.cluster, pod.spec.nodeName, ''),
    identity: placement.identityOfPod(pod),
    mtls: pod.meta.labels[TLS_MODE_LABEL] === 'istio',
    health: 'healthy',
    weight: 1,
  };
}
