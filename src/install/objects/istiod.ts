import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { at, isPlain, list, type Plain, plain, textAt } from '../plain.ts';
import { type InstallValues, revisionLabel, revisionSuffix } from '../values/install-values.ts';
import { ownershipLabels } from './labels.ts';
import { injectorName, istiodHost, istiodName, validatorName } from './names.ts';
import { autoscaler, disruptionBudget, pullPolicy, scheduling } from './scheduling.ts';

/** Both xDS and the webhooks of the control plane, by Istio's names and numbers. */
export const ISTIOD_PORTS: readonly Plain[] = [
  { name: 'grpc-xds', port: 15010, targetPort: 15010, protocol: 'TCP' },
  { name: 'https-dns', port: 15012, targetPort: 15012, protocol: 'TCP' },
  { name: 'https-webhook', port: 443, targetPort: 15017, protocol: 'TCP' },
  { name: 'http-monitoring', port: 15014, targetPort: 15014, protocol: 'TCP' },
];

/** What tells the pods of one revision from those of another. */
export function istiodSelector(values: InstallValues): Readonly<Record<string, string>> {
  return values.revision === ''
    ? { app: 'istiod', istio: 'pilot' }
    : { app: 'istiod', 'istio.io/rev': values.revision };
}

/** The control plane: Deployment, Services, how many, and how many of them may be away at once. */
export function istiodObjects(values: InstallValues): readonly KubernetesObject[] {
  const name = istiodName(values);
  const labels = istiodLabels(values);
  const pilot = plain(values.values['pilot']);
  const scaled = { name, namespace: values.namespace, labels, k8s: values.pilotK8s };
  const isFixed = pilot['autoscaleEnabled'] !== true || values.pilotK8s['replicaCount'] !== undefined;
  const scale = {
    min: Number(pilot['autoscaleMin'] ?? 1),
    max: Number(pilot['autoscaleMax'] ?? 5),
    cpuPercent: Number(textAt(pilot, 'cpu', 'targetAverageUtilization') ?? 80),
  };
  return [
    istiodService(values, { selector: istiodSelector(values) }),
    dnsService(values),
    deployment(values, isFixed ? Number(values.pilotK8s['replicaCount'] ?? pilot['replicaCount'] ?? 1) : undefined),
    ...(isFixed ? [] : [autoscaler(scaled, scale)]),
    ...disruptionBudget(values, scaled, istiodSelector(values)),
  ];
}

export function istiodLabels(values: InstallValues): Readonly<Record<string, string>> {
  const istio = values.revision === '' ? 'pilot' : 'istiod';
  return { app: 'istiod', istio, ...ownershipLabels(values, 'Pilot') };
}

/** @param target a selector, or nothing for a Service whose endpoints somebody else writes. */
export function istiodService(values: InstallValues, target: Plain): KubernetesObject {
  const annotations = {
    ...plain(at(values.values, 'pilot', 'serviceAnnotations')),
    ...plain(values.pilotK8s['serviceAnnotations']),
  } as Readonly<Record<string, string>>;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: istiodName(values),
      namespace: values.namespace,
      labels: istiodLabels(values),
      ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
    },
    spec: { ports: ISTIOD_PORTS, ...target },
  };
}

/** The names of the mesh, for the cluster's own DNS to forward to. */
function dnsService(values: InstallValues): KubernetesObject {
  const port = (protocol: string) => ({
    name: `dns-${protocol.toLowerCase()}`,
    port: 53,
    targetPort: 15053,
    protocol,
  });
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: `istiod-dns${revisionSuffix(values)}`,
      namespace: values.namespace,
      labels: istiodLabels(values),
    },
    spec: { ports: [port('UDP'), port('TCP')], selector: istiodSelector(values) },
  };
}

function deployment(values: InstallValues, replicas: number | undefined): KubernetesObject {
  const pilot = plain(values.values['pilot']);
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: istiodName(values),
      namespace: values.namespace,
      labels: { ...istiodLabels(values), ...plain(pilot['deploymentLabels']) } as Readonly<Record<string, string>>,
    },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      strategy: {
        type: 'RollingUpdate',
        rollingUpdate: { maxSurge: pilot['rollingMaxSurge'], maxUnavailable: pilot['rollingMaxUnavailable'] },
      },
      selector: { matchLabels: istiodSelector(values) },
      template: {
        metadata: {
          labels: {
            ...istiodLabels(values),
            'sidecar.istio.io/inject': 'false',
            ...plain(pilot['podLabels']),
          },
          annotations: {
            'prometheus.io/port': '15014',
            'prometheus.io/scrape': 'true',
            ...plain(pilot['podAnnotations']),
            ...plain(values.pilotK8s['podAnnotations']),
          },
        },
        spec: podSpec(values),
      },
    },
  };
}

function podSpec(values: InstallValues): Plain {
  const pilot = plain(values.values['pilot']);
  return {
    serviceAccountName: istiodName(values),
    ...scheduling(values, values.pilotK8s, pilot),
    securityContext: {
      fsGroup: 1337,
      runAsGroup: 1337,
      runAsNonRoot: true,
      runAsUser: 1337,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    // Streams are closed at once, and proxies take another replica or wait; nothing has to drain for long.
    terminationGracePeriodSeconds: 30,
    containers: [container(values)],
    volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }],
  };
}

function container(values: InstallValues): Plain {
  return {
    name: 'discovery',
    image: values.images.pilot,
    ...pullPolicy(values, values.pilotK8s),
    command: ['/app/bin/pelagos'],
    args: ['discovery'],
    env: environment(values),
    ports: [
      { name: 'grpc-xds', containerPort: 15010, protocol: 'TCP' },
      { name: 'https-dns', containerPort: 15012, protocol: 'TCP' },
      { name: 'http-monitoring', containerPort: 15014, protocol: 'TCP' },
      { name: 'https-webhook', containerPort: 15017, protocol: 'TCP' },
      { name: 'dns-udp', containerPort: 15053, protocol: 'UDP' },
      { name: 'dns-tcp', containerPort: 15053, protocol: 'TCP' },
    ],
    startupProbe: probe('/healthz', { periodSeconds: 1, failureThreshold: 120 }),
    readinessProbe: probe('/ready', { periodSeconds: 3, timeoutSeconds: 5 }),
    livenessProbe: probe('/healthz', { periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 }),
    resources: resourcesOf(values),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    },
    volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  };
}

function resourcesOf(values: InstallValues): unknown {
  const { pilot, global } = values.values as { readonly pilot?: Plain; readonly global?: Plain };
  return values.pilotK8s['resources'] ?? pilot?.['resources'] ?? global?.['defaultResources'] ?? {};
}

function probe(path: string, times: Plain): Plain {
  return { httpGet: { path, port: 15014 }, ...times };
}

/** Istio's names where Istio has one. Values of people come last and win. */
function environment(values: InstallValues): readonly Plain[] {
  const own: Plain[] = [
    { name: 'CLUSTER_ID', value: values.cluster },
    { name: 'NETWORK', value: values.network },
    { name: 'REVISION', value: revisionLabel(values) },
    { name: 'ISTIOD_CUSTOM_HOST', value: istiodHost(values) },
    { name: 'INJECTION_WEBHOOK_CONFIG_NAME', value: injectorName(values) },
    { name: 'VALIDATION_WEBHOOK_CONFIG_NAME', value: validatorName(values) },
    { name: 'LOG_LEVEL', value: textAt(values.values, 'global', 'logging', 'level') ?? 'default:info' },
    { name: 'COREDNS', value: textAt(values.values, 'pilot', 'dns', 'coredns') ?? 'manage' },
    field('POD_NAME', 'metadata.name'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('POD_IP', 'status.podIP'),
    field('SERVICE_ACCOUNT', 'spec.serviceAccountName'),
    // The root is read-only; what Node compiles is kept in the pod's own scratch space.
    { name: 'HOME', value: '/tmp' },
  ];
  const given = [
    ...Object.entries(plain(at(values.values, 'pilot', 'env'))).map(([name, value]) => ({
      name,
      value: String(value),
    })),
    ...list(values.pilotK8s['env']).filter(isPlain),
  ];
  const names = new Set(given.map(({ name }) => name));
  return [...own.filter(({ name }) => !names.has(String(name))), ...given];
}

function field(name: string, fieldPath: string): Plain {
  return { name, valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath } } };
}
