import { withProxy } from './inject-pod.ts';
import type { Pod } from './pod.ts';
import { TEMPLATES_ANNOTATION } from './pod-options.ts';
import { INJECT_LABEL } from './policy.ts';
import type { InjectionSettings } from './settings.ts';

/**
 * A gateway's pod with its Envoy, complete: the webhook makes the same of a pod with the template `gateway`, but it takes a
 * moment until an API server asks a new webhook, and a pod with the image `auto` that is made in that moment never starts.
 * So it is not asked. A container `istio-proxy` of the pod says what is to be otherwise (ports, resources, env).
 * @param workload the name of the gateway's Deployment.
 */
export function gatewayPod(pod: Pod, workload: string, settings: InjectionSettings): Pod {
  const metadata = {
    ...pod.metadata,
    labels: { ...pod.metadata.labels, [INJECT_LABEL]: 'false' },
    annotations: { ...pod.metadata.annotations, [TEMPLATES_ANNOTATION]: 'gateway' },
  };
  return withProxy({ ...pod, metadata }, { kind: 'Deployment', name: workload }, settings).pod;
}
