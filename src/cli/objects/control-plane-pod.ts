import type { ClusterStatus, FleetStatus } from '../../embedded/fleet-api.ts';
import { type Body, textAt } from './body.ts';

/**
 * The control plane of a cluster, as the pod that it is on Kubernetes: on one machine it is a part of the fleet's own
 * process, but people look for it with `get pods -n istio-system`. Empty where another cluster's control plane serves,
 * or where the fleet lists such a pod by itself.
 */
export function controlPlanePods(status: FleetStatus, cluster: ClusterStatus, pods: readonly Body[]): readonly Body[] {
  const { controlPlane, name } = cluster;
  if (controlPlane.cluster !== name || controlPlane.address === '') return [];
  if (pods.some((pod) => textAt(pod, 'metadata', 'name').startsWith('istiod'))) return [];
  return [
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'istiod',
        namespace: 'istio-system',
        labels: { app: 'istiod', istio: 'pilot' },
        creationTimestamp: new Date(status.startedAtMs).toISOString(),
      },
      spec: { containers: [{ name: 'discovery' }], nodeName: `${name}-node` },
      status: {
        phase: controlPlane.ready ? 'Running' : 'Pending',
        podIP: controlPlane.address.replace(/:\d+$/, ''),
        containerStatuses: [{ name: 'discovery', ready: controlPlane.ready, restartCount: 0 }],
      },
    },
  ];
}
