import { isIP } from 'node:net';
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import type { InstallValues } from '../values/install-values.ts';
import { ISTIOD_PORTS, istiodLabels, istiodService } from './istiod.ts';
import { istiodName } from './names.ts';

/** Who keeps an EndpointSlice (Kubernetes: EndpointSlices, Management). All other labels are copies of the Service's. */
export const SLICE_MANAGER = 'endpointslice.kubernetes.io/managed-by';
export const INSTALLER = 'pelagos-install';

/**
 * The primary under the name that proxies, API server and webhooks of a remote cluster know it by: a Service without
 * selector, its endpoints at the primary's address. A host name cannot stand in an EndpointSlice, so it becomes an
 * ExternalName, as in Istio.
 */
export function remoteIstiod(values: InstallValues, address: string): readonly KubernetesObject[] {
  const family = isIP(address);
  if (family === 0) return [istiodService(values, { type: 'ExternalName', externalName: address })];
  const name = istiodName(values);
  return [
    istiodService(values, {}),
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: {
        name: `${name}-remote`,
        namespace: values.namespace,
        labels: {
          ...istiodLabels(values),
          'kubernetes.io/service-name': name,
          [SLICE_MANAGER]: INSTALLER,
        },
      },
      addressType: family === 6 ? 'IPv6' : 'IPv4',
      endpoints: [{ addresses: [address], conditions: { ready: true } }],
      // Of these the gateway passes on 15012 and 15017 (by SNI); the rest is for the primary's own cluster.
      ports: ISTIOD_PORTS.filter(({ name: port }) => port === 'https-dns' || port === 'https-webhook').map(
        ({ name: port, targetPort, protocol }) => ({ name: port, port: targetPort, protocol }),
      ),
    },
  ];
}
