import { withProxy } from './inject-pod.ts';
import type { Pod } from './pod.ts';
import { TEMPLATES_ANNOTATION } from './pod-options.ts';
import type { InjectionSettings } from './settings.ts';

/** Seconds that a gateway has to end: its callers' long requests are to end in that time. */
const GATEWAY_GRACE_SECONDS = 30;

/**
 * A gateway's pod with its Envoy, as the webhook makes it of a pod with the template `gateway`. A container `istio-proxy` of
 * the pod says what is to be otherwise (ports, resources, env).
 * @param workload the name of the gateway's Deployment.
 */
export function gatewayPod(pod: Pod, workload: string, settings: InjectionSettings): Pod {
  const annotations = { ...pod.metadata.annotations, [TEMPLATES_ANNOTATION]: 'gateway' };
  const spec = { terminationGracePeriodSeconds: GATEWAY_GRACE_SECONDS, ...pod.spec };
  const gateway = { ...pod, metadata: { ...pod.metadata, annotations }, spec };
  return withProxy(gateway, { kind: 'Deployment', name: workload }, settings).pod;
}
