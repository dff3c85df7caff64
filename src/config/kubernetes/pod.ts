import type { Schema } from '../schema/schema.ts';
import { BOOLEAN, fields, INTEGER, list, METADATA, oneOf, PORT, required, TEXT } from './schema-builder.ts';

/** Kubernetes: core/v1 Pod, as far as the mesh reads it. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly nodeName?: string;
  readonly hostNetwork?: boolean;
  readonly hostname?: string;
  /** With `hostname`: the pod's own DNS name under this headless service. */
  readonly subdomain?: string;
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never';
  readonly terminationGracePeriodSeconds?: number;
}

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly ports?: readonly ContainerPort[];
  readonly env?: readonly EnvironmentVariable[];
  readonly readinessProbe?: Probe;
}

export interface ContainerPort {
  readonly name?: string;
  readonly containerPort: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

export interface Probe {
  readonly httpGet?: { readonly path?: string; readonly port: number | string; readonly scheme?: string };
  readonly tcpSocket?: { readonly port: number | string };
  readonly initialDelaySeconds?: number;
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly successThreshold?: number;
  readonly failureThreshold?: number;
}

export interface PodStatus {
  readonly phase?: string;
  readonly podIP?: string;
  readonly podIPs?: readonly { readonly ip?: string }[];
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** What a Deployment and the like make pods of. */
export interface PodTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: PodSpec;
}

const CONTAINER_PORT: Schema = required(
  fields(
    { name: TEXT, containerPort: PORT, protocol: { ...oneOf('TCP', 'UDP', 'SCTP'), default: 'TCP' } },
    'hostPort hostIP',
  ),
  'containerPort',
);

const PROBE: Schema = fields(
  {
    initialDelaySeconds: INTEGER,
    periodSeconds: INTEGER,
    timeoutSeconds: INTEGER,
    successThreshold: INTEGER,
    failureThreshold: INTEGER,
  },
  'httpGet tcpSocket exec grpc terminationGracePeriodSeconds',
);

const CONTAINER: Schema = required(
  fields(
    {
      name: TEXT,
      image: TEXT,
      command: list(TEXT),
      args: list(TEXT),
      workingDir: TEXT,
      ports: list(CONTAINER_PORT),
      env: list(required(fields({ name: TEXT, value: TEXT }, 'valueFrom'), 'name')),
      readinessProbe: PROBE,
    },
    'envFrom resources resizePolicy restartPolicy restartPolicyRules volumeMounts volumeDevices livenessProbe ' +
      'startupProbe lifecycle terminationMessagePath terminationMessagePolicy imagePullPolicy securityContext stdin ' +
      'stdinOnce tty',
  ),
  'name',
);

export const POD_SCHEMA: Schema = required(
  fields(
    {
      containers: { ...list(CONTAINER), listKeys: ['name'] },
      initContainers: list(CONTAINER),
      serviceAccountName: TEXT,
      nodeName: TEXT,
      hostNetwork: BOOLEAN,
      hostname: TEXT,
      subdomain: TEXT,
      restartPolicy: oneOf('Always', 'OnFailure', 'Never'),
      terminationGracePeriodSeconds: INTEGER,
    },
    'volumes ephemeralContainers activeDeadlineSeconds dnsPolicy nodeSelector serviceAccount automountServiceAccountToken ' +
      'hostPID hostIPC hostUsers shareProcessNamespace securityContext imagePullSecrets affinity schedulerName tolerations ' +
      'hostAliases priorityClassName priority dnsConfig readinessGates runtimeClassName enableServiceLinks ' +
      'preemptionPolicy overhead topologySpreadConstraints setHostnameAsFQDN os schedulingGates resourceClaims resources ' +
      'hostnameOverride workloadRef',
  ),
  'containers',
);

export const POD_STATUS_SCHEMA: Schema = {
  type: 'object',
  open: true,
  properties: {
    phase: TEXT,
    podIP: TEXT,
    podIPs: list({ type: 'object', open: true, properties: { ip: TEXT } }),
    conditions: list({ type: 'object', open: true, properties: { type: TEXT, status: TEXT } }),
  },
};

export const POD_TEMPLATE_SCHEMA: Schema = required(fields({ metadata: METADATA, spec: POD_SCHEMA }), 'spec');
