import type { KindDefinition } from './kind-definition.ts';
import { coreKind, istioKind } from './kind-definition.ts';
import { ENDPOINT_SLICE_FIELDS, ENDPOINTS_FIELDS } from './kubernetes/endpoint-slice.ts';
import { SERVICE_EXPORT_SCHEMA, SERVICE_IMPORT_SCHEMA } from './kubernetes/multi-cluster.ts';
import {
  CONFIG_MAP_FIELDS,
  NAMESPACE_SCHEMA,
  NODE_SCHEMA,
  SECRET_FIELDS,
  SERVICE_ACCOUNT_FIELDS,
} from './kubernetes/namespace.ts';
import { NETWORK_POLICY_SCHEMA } from './kubernetes/network-policy.ts';
import { POD_SCHEMA, POD_STATUS_SCHEMA } from './kubernetes/pod.ts';
import { defaultService, SERVICE_SCHEMA, SERVICE_STATUS_SCHEMA } from './kubernetes/service.ts';
import {
  DAEMON_SET_SCHEMA,
  DEPLOYMENT_SCHEMA,
  JOB_SCHEMA,
  REPLICA_SET_SCHEMA,
  STATEFUL_SET_SCHEMA,
} from './kubernetes/workload.ts';

const ISTIO_KINDS: readonly KindDefinition[] = [
  istioKind('AuthorizationPolicy', { complete: (spec) => ({ ...spec, action: spec.action ?? 'ALLOW' }) }),
  istioKind('DestinationRule'),
  istioKind('EnvoyFilter'),
  istioKind('Gateway'),
  istioKind('PeerAuthentication'),
  istioKind('ProxyConfig'),
  istioKind('RequestAuthentication'),
  istioKind('ServiceEntry', {
    complete: (spec) => ({
      ...spec,
      location: spec.location ?? 'MESH_EXTERNAL',
      resolution: spec.resolution ?? 'NONE',
    }),
  }),
  istioKind('Sidecar'),
  istioKind('Telemetry'),
  istioKind('VirtualService', { complete: (spec) => ({ ...spec, hosts: spec.hosts ?? [] }) }),
  istioKind('WasmPlugin'),
  istioKind('WorkloadEntry'),
  istioKind('WorkloadGroup'),
];

const CORE_KINDS: readonly KindDefinition[] = [
  coreKind('ConfigMap', { group: '', fields: CONFIG_MAP_FIELDS }),
  coreKind('DaemonSet', { group: 'apps', spec: DAEMON_SET_SCHEMA, specRequired: true }),
  coreKind('Deployment', { group: 'apps', spec: DEPLOYMENT_SCHEMA, specRequired: true }),
  coreKind('EndpointSlice', { group: 'discovery.k8s.io', versions: ['v1', 'v1beta1'], fields: ENDPOINT_SLICE_FIELDS }),
  coreKind('Endpoints', { group: '', fields: ENDPOINTS_FIELDS }),
  coreKind('Job', { group: 'batch', spec: JOB_SCHEMA, specRequired: true }),
  coreKind('Namespace', { group: '', namespaced: false, spec: NAMESPACE_SCHEMA }),
  coreKind('NetworkPolicy', { group: 'networking.k8s.io', spec: NETWORK_POLICY_SCHEMA }),
  coreKind('Node', { group: '', namespaced: false, spec: NODE_SCHEMA }),
  coreKind('Pod', { group: '', spec: POD_SCHEMA, specRequired: true, status: POD_STATUS_SCHEMA }),
  coreKind('ReplicaSet', { group: 'apps', spec: REPLICA_SET_SCHEMA, specRequired: true }),
  coreKind('Secret', { group: '', fields: SECRET_FIELDS }),
  coreKind(
    'Service',
    { group: '', spec: SERVICE_SCHEMA, specRequired: true, status: SERVICE_STATUS_SCHEMA },
    { complete: defaultService },
  ),
  coreKind('ServiceAccount', { group: '', fields: SERVICE_ACCOUNT_FIELDS }),
  coreKind('ServiceExport', {
    group: 'multicluster.x-k8s.io',
    versions: ['v1alpha1', 'v1beta1'],
    spec: SERVICE_EXPORT_SCHEMA,
  }),
  coreKind('ServiceImport', {
    group: 'multicluster.x-k8s.io',
    versions: ['v1alpha1', 'v1beta1'],
    spec: SERVICE_IMPORT_SCHEMA,
  }),
  coreKind('StatefulSet', { group: 'apps', spec: STATEFUL_SET_SCHEMA, specRequired: true }),
];

/** Every kind that the mesh acts on. */
export const KINDS: readonly KindDefinition[] = [...ISTIO_KINDS, ...CORE_KINDS];

const BY_GROUP_AND_KIND = new Map(KINDS.map((definition) => [`${definition.group}/${definition.kind}`, definition]));

/** @returns undefined where the mesh does not act on that kind. */
export function findKind(group: string, kind: string): KindDefinition | undefined {
  return BY_GROUP_AND_KIND.get(`${group}/${kind}`);
}
