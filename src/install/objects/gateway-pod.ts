import { type Plain, plain } from '../plain.ts';
import type { GatewayValues, InstallValues } from '../values/install-values.ts';
import { pullPolicy, scheduling } from './scheduling.ts';

/** The pod of a gateway: the injector makes an Envoy of it, as of any pod with this template (Istio, "Installing Gateways"). */
export function gatewayPod(values: InstallValues, gateway: GatewayValues): Plain {
  return {
    metadata: {
      labels: { ...gateway.labels, 'sidecar.istio.io/inject': 'true' },
      annotations: {
        'inject.istio.io/templates': 'gateway',
        'prometheus.io/path': '/stats/prometheus',
        'prometheus.io/port': '15090',
        'prometheus.io/scrape': 'true',
        ...plain(gateway.k8s['podAnnotations']),
      },
    },
    spec: {
      serviceAccountName: `${gateway.name}-service-account`,
      ...scheduling(values, gateway.k8s),
      containers: [
        {
          name: 'istio-proxy',
          image: 'auto',
          ...pullPolicy(values, gateway.k8s),
          ...(gateway.k8s['env'] === undefined ? {} : { env: gateway.k8s['env'] }),
          ...(gateway.k8s['resources'] === undefined ? {} : { resources: gateway.k8s['resources'] }),
        },
      ],
    },
  };
}
