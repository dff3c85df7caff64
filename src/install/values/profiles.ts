import type { Plain } from '../plain.ts';

export const PROFILES = ['default', 'demo', 'minimal', 'remote', 'empty'] as const;
export type Profile = (typeof PROFILES)[number];

const GATEWAY_RESOURCES: Plain = {
  limits: { cpu: '2000m', memory: '1024Mi' },
  requests: { cpu: '100m', memory: '128Mi' },
};
const SMALL: Plain = { k8s: { resources: { requests: { cpu: '10m', memory: '40Mi' } } } };

/** The way into the cluster from outside of the mesh. */
const INGRESS: Plain = { name: 'istio-ingressgateway', enabled: true, k8s: { resources: GATEWAY_RESOURCES } };

/**
 * The way into this cluster's network from the other clusters. Istio leaves it to a script; here every cluster has one,
 * because without it the clusters of a mesh reach each other only where they share a network.
 */
const EAST_WEST: Plain = {
  name: 'istio-eastwestgateway',
  enabled: true,
  label: { app: 'istio-eastwestgateway', istio: 'eastwestgateway' },
  k8s: { resources: GATEWAY_RESOURCES },
};

/** What a profile adds to the defaults, in the shape of an IstioOperator's `spec`. */
export const PROFILE_SPECS: Readonly<Record<Profile, Plain>> = {
  default: {
    components: {
      ingressGateways: [INGRESS, EAST_WEST],
      egressGateways: [{ name: 'istio-egressgateway', enabled: false }],
    },
  },
  demo: {
    meshConfig: { accessLogFile: '/dev/stdout' },
    components: {
      ingressGateways: [
        { ...INGRESS, ...SMALL },
        { ...EAST_WEST, ...SMALL },
      ],
      egressGateways: [{ name: 'istio-egressgateway', enabled: true, ...SMALL }],
    },
    values: {
      global: { proxy: { resources: { requests: { cpu: '10m', memory: '40Mi' } } } },
      pilot: {
        autoscaleEnabled: false,
        resources: { requests: { cpu: '10m', memory: '100Mi' } },
        traceSampling: 100,
      },
    },
  },
  minimal: {},
  remote: { components: { ingressGateways: [INGRESS, EAST_WEST], pilot: { enabled: false } } },
  empty: { components: { base: { enabled: false }, pilot: { enabled: false } } },
};
