import type { AppProbe } from './app-probes.ts';
import { drainHook } from './drain.ts';
import type { Container, Fields, Volume } from './pod.ts';
import { PROXY_CONTAINER } from './pod.ts';
import { formatPodBootstrap, POD_VARIABLES, TOKEN_FOLDER, TRUST_FOLDER } from './pod-bootstrap.ts';
import type { PodOptions } from './pod-options.ts';
import { HEALTH_PORT, PROXY_UID, STATS_PORT } from './redirect-rules.ts';
import type { InjectionSettings } from './settings.ts';

const ENVOY_PATH = '/usr/local/bin/envoy';
/** Istio's default; one thread would let a large answer hold up the others. */
const DEFAULT_CONCURRENCY = 2;
/** Seconds over which a listener's connections end when it goes or changes (Istio: drainDuration). */
const DRAIN_TIME_S = 45;
/** Twelve hours (Istio); the kubelet renews it when a fifth of that is left. */
const TOKEN_SECONDS = 43_200;
/** What proxies say that their token is for (Istio's). */
export const TOKEN_AUDIENCE = 'istio-ca';

export interface ProxyContainerSpec {
  readonly options: PodOptions;
  readonly settings: InjectionSettings;
  readonly workload: string;
  readonly network: string;
  readonly probes: readonly AppProbe[];
  /** Seconds that the pod has to end. */
  readonly graceSeconds: number;
}

/** The stock Envoy. A native sidecar in an application's pod, the main container in a gateway's. */
export function proxyContainer(spec: ProxyContainerSpec): Container {
  const { options, settings } = spec;
  const isSidecar = options.kind === 'sidecar';
  return {
    name: PROXY_CONTAINER,
    image: options.image,
    ...(settings.imagePullPolicy ? { imagePullPolicy: settings.imagePullPolicy } : {}),
    ...(isSidecar ? { restartPolicy: 'Always' } : {}),
    command: [ENVOY_PATH],
    args: proxyArguments(spec),
    env: Object.entries(POD_VARIABLES).map(([name, fieldPath]) => ({ name, valueFrom: { fieldRef: { fieldPath } } })),
    ports: [{ containerPort: STATS_PORT, name: 'http-envoy-prom', protocol: 'TCP' }],
    ...probesOf(options, settings),
    lifecycle: settings.lifecycle ?? drainHook(spec),
    resources: options.resources,
    securityContext: securityContext(settings.privileged),
    volumeMounts: [
      { name: 'istiod-ca-cert', mountPath: TRUST_FOLDER, readOnly: true },
      { name: 'istio-token', mountPath: TOKEN_FOLDER, readOnly: true },
    ],
  };
}

/** What proves to the pod who the control plane is, and to the control plane who the pod is; Istio's names. */
export function proxyVolumes(): readonly Volume[] {
  return [
    { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
    {
      name: 'istio-token',
      projected: {
        sources: [
          { serviceAccountToken: { audience: TOKEN_AUDIENCE, expirationSeconds: TOKEN_SECONDS, path: 'istio-token' } },
        ],
      },
    },
  ];
}

function proxyArguments({ options, settings, workload, network, probes }: ProxyContainerSpec): readonly string[] {
  const { kind, statsPrefixes } = options;
  const concurrency = options.proxyConfig.concurrency ?? DEFAULT_CONCURRENCY;
  return [
    '--disable-hot-restart',
    ...(concurrency === 0 ? [] : ['--concurrency', String(concurrency)]),
    ...['--log-level', options.logLevel === 'warn' ? 'warning' : options.logLevel],
    ...(options.componentLogLevel === '' ? [] : ['--component-log-level', options.componentLogLevel]),
    ...['--drain-time-s', String(DRAIN_TIME_S)],
    ...['--drain-strategy', 'immediate'],
    ...['--config-yaml', formatPodBootstrap({ kind, workload, network, probes, statsPrefixes }, settings)],
  ];
}

/** The application's containers start when the start-up probe has succeeded, so its first call finds the mesh. */
function probesOf({ kind, readiness, proxyConfig }: PodOptions, settings: InjectionSettings): Fields {
  const httpGet = { path: '/healthz/ready', port: HEALTH_PORT };
  const hold = proxyConfig.holdApplicationUntilProxyStarts ?? true;
  const failures = settings.startupFailureThreshold;
  // A gateway says by it that it leaves, and has only seconds for that.
  const atMost = (most: number, given: number): number =>
    Math.max(1, kind === 'gateway' ? Math.min(most, given) : given);
  return {
    ...(failures > 0 && (hold || kind === 'gateway')
      ? { startupProbe: { httpGet, periodSeconds: 1, timeoutSeconds: 1, failureThreshold: failures } }
      : {}),
    readinessProbe: {
      httpGet,
      ...(readiness.initialDelaySeconds > 0 ? { initialDelaySeconds: readiness.initialDelaySeconds } : {}),
      periodSeconds: atMost(2, readiness.periodSeconds),
      timeoutSeconds: 3,
      failureThreshold: atMost(2, readiness.failureThreshold),
    },
  };
}

function securityContext(privileged: boolean): Fields {
  return {
    allowPrivilegeEscalation: privileged,
    privileged,
    ...(privileged ? {} : { capabilities: { drop: ['ALL'] } }),
    readOnlyRootFilesystem: true,
    runAsUser: PROXY_UID,
    runAsGroup: PROXY_UID,
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}
