import { gatewayPod, type InjectionSettings, injectionSettings, parsePod } from '../../proxies/index.ts';
import { type Plain, plain } from '../plain.ts';
import type { GatewayValues, InstallValues } from '../values/install-values.ts';
import { meshConfigOf } from './config-maps.ts';
import { pullPolicy, scheduling } from './scheduling.ts';

/**
 * The pod template of a gateway: whole, as the injector would make it, so that gateways start without asking a webhook and
 * whatever the state of the control plane is.
 */
export function gatewayTemplate(values: InstallValues, gateway: GatewayValues): Plain {
  const pod = parsePod({
    metadata: {
      namespace: values.namespace,
      labels: { ...gateway.labels, 'sidecar.istio.io/inject': 'false' },
      annotations: plain(gateway.k8s['podAnnotations']),
    },
    spec: {
      serviceAccountName: `${gateway.name}-service-account`,
      ...scheduling(values, gateway.k8s),
      containers: [
        {
          name: 'istio-proxy',
          ...pullPolicy(values, gateway.k8s),
          ...(gateway.k8s['env'] === undefined ? {} : { env: gateway.k8s['env'] }),
          ...(gateway.k8s['resources'] === undefined ? {} : { resources: gateway.k8s['resources'] }),
        },
      ],
    },
  });
  // Only labels and annotations that are no texts can be wrong in it, and those are the values' fault.
  if (typeof pod === 'string') throw new Error(`the gateway ${gateway.name}: ${pod}`);
  const { metadata, spec } = gatewayPod(pod, gateway.name, settingsOf(values));
  return { metadata: { labels: metadata.labels, annotations: metadata.annotations }, spec };
}

/** What the injector of this installation decides by. */
function settingsOf(values: InstallValues): InjectionSettings {
  return injectionSettings({
    values: values.values,
    mesh: meshConfigOf(values),
    cluster: values.cluster,
    network: values.network,
  });
}
