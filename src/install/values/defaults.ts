/** What an installation has where nobody says otherwise: a layer below the profile and the values of people. */
import type { Plain } from '../plain.ts';

export const HUB = 'docker.io/pelagos';
export const TAG = '0.1.0';
export const IMAGE = 'pelagos';
export const ROOT_NAMESPACE = 'istio-system';

/** In the shape of an IstioOperator's `spec`; the names are Istio's. */
export const DEFAULTS: Plain = {
  hub: HUB,
  tag: TAG,
  namespace: ROOT_NAMESPACE,
  revision: '',
  meshConfig: { enablePrometheusMerge: true },
  components: {
    base: { enabled: true },
    pilot: { enabled: true },
    ingressGateways: [],
    egressGateways: [],
  },
  values: {
    global: {
      istioNamespace: ROOT_NAMESPACE,
      configValidation: true,
      defaultPodDisruptionBudget: { enabled: true },
      imagePullPolicy: '',
      imagePullSecrets: [],
      logging: { level: 'default:info' },
      meshID: '',
      multiCluster: { clusterName: '' },
      network: '',
      priorityClassName: '',
      proxy: {
        autoInject: 'enabled',
        clusterDomain: 'cluster.local',
        componentLogLevel: 'misc:error',
        excludeIPRanges: '',
        excludeInboundPorts: '',
        excludeOutboundPorts: '',
        image: IMAGE,
        includeIPRanges: '*',
        includeInboundPorts: '*',
        includeOutboundPorts: '',
        logLevel: 'warning',
        privileged: false,
        readinessFailureThreshold: 4,
        readinessInitialDelaySeconds: 0,
        readinessPeriodSeconds: 15,
        resources: { limits: { cpu: '2000m', memory: '1024Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
        startupProbe: { enabled: true, failureThreshold: 600 },
      },
      remotePilotAddress: '',
    },
    pilot: {
      autoscaleEnabled: true,
      autoscaleMax: 5,
      autoscaleMin: 1,
      cpu: { targetAverageUtilization: 80 },
      dns: { coredns: 'manage' },
      env: {},
      image: IMAGE,
      replicaCount: 1,
      // Istio asks for 500m and 2 GiB, which small nodes do not have.
      resources: { requests: { cpu: '100m', memory: '256Mi' } },
      rollingMaxSurge: '100%',
      rollingMaxUnavailable: '25%',
      traceSampling: 1,
    },
    sidecarInjectorWebhook: {
      alwaysInjectSelector: [],
      enableNamespacesByDefault: false,
      injectedAnnotations: {},
      neverInjectSelector: [],
      reinvocationPolicy: 'Never',
      rewriteAppHTTPProbe: true,
    },
  },
};
