import type { Schema } from '../schema/schema.ts';
import {
  ANY,
  BOOLEAN,
  fields,
  INT_OR_TEXT,
  INTEGER,
  list,
  oneOf,
  PORT,
  required,
  TEXT,
  TEXT_MAP,
} from './schema-builder.ts';

/** Kubernetes: core/v1 Service. */
export interface ServiceSpec {
  readonly ports: readonly KubernetesServicePort[];
  /** Labels of the pods behind it. Not given: its endpoints are made by somebody else. */
  readonly selector?: Readonly<Record<string, string>>;
  /** `None`: headless. Not given: assigned by the cluster. */
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalIPs?: readonly string[];
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** A DNS name, of type ExternalName. */
  readonly externalName?: string;
  readonly publishNotReadyAddresses?: boolean;
  readonly internalTrafficPolicy?: 'Cluster' | 'Local';
}

export interface KubernetesServicePort {
  /** Empty only where it is the only port. */
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** `http`, `kubernetes.io/h2c`, ...: what it speaks. */
  readonly appProtocol?: string;
  /** Number, or name of a container port. Default: `port`. */
  readonly targetPort: number | string;
  readonly nodePort?: number;
}

export interface ServiceStatus {
  readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
}

const SERVICE_PORT: Schema = required(
  fields({
    name: TEXT,
    port: PORT,
    protocol: { ...oneOf('TCP', 'UDP', 'SCTP'), default: 'TCP' },
    appProtocol: TEXT,
    targetPort: INT_OR_TEXT,
    nodePort: INTEGER,
  }),
  'port',
);

export const SERVICE_SCHEMA: Schema = fields(
  {
    ports: list(SERVICE_PORT),
    selector: TEXT_MAP,
    clusterIP: TEXT,
    clusterIPs: list(TEXT),
    externalIPs: list(TEXT),
    type: oneOf('ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName'),
    externalName: TEXT,
    publishNotReadyAddresses: BOOLEAN,
    internalTrafficPolicy: oneOf('Cluster', 'Local'),
  },
  'sessionAffinity sessionAffinityConfig loadBalancerIP loadBalancerSourceRanges loadBalancerClass ' +
    'externalTrafficPolicy healthCheckNodePort ipFamilies ipFamilyPolicy allocateLoadBalancerNodePorts trafficDistribution',
);

export const SERVICE_STATUS_SCHEMA: Schema = fields(
  { loadBalancer: fields({ ingress: list(fields({ ip: TEXT, hostname: TEXT }, 'ipMode ports')) }), conditions: ANY },
  '',
);

/** Fills in what Kubernetes fills in. */
export function defaultService(spec: ServiceSpec): ServiceSpec {
  const ports = (spec.ports ?? []).map((port) => ({
    ...port,
    name: port.name ?? '',
    targetPort: port.targetPort ?? port.port,
  }));
  return { ...spec, ports, type: spec.type ?? 'ClusterIP' };
}
