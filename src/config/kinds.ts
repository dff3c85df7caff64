import { validateAuthorizationPolicy } from './authorization-policy/validate.ts';
import { validateDestinationRule } from './destination-rule/validate.ts';
import { validateEnvoyFilter } from './envoy-filter/validate.ts';
import { validateGateway } from './gateway/validate.ts';
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
import { validateService } from './kubernetes/validate-service.ts';
import { validateWorkload } from './kubernetes/validate-workload.ts';
import {
  DAEMON_SET_SCHEMA,
  DEPLOYMENT_SCHEMA,
  JOB_SCHEMA,
  REPLICA_SET_SCHEMA,
  STATEFUL_SET_SCHEMA,
} from './kubernetes/workload.ts';
import { validatePeerAuthentication } from './peer-authentication/validate.ts';
import { validateProxyConfig } from './proxy-config/validate.ts';
import { validateRequestAuthentication } from './request-authentication/validate.ts';
import { validateServiceEntry } from './service-entry/validate.ts';
import { validateSidecar } from './sidecar/validate.ts';
import { validateTelemetry } from './telemetry/validate.ts';
import { validateVirtualService } from './virtual-service/validate.ts';
import { validateWasmPlugin } from './wasm-plugin/validate.ts';
import { validateWorkloadEntry } from './workload-entry/validate.ts';
import { validateWorkloadGroup } from './workload-group/validate.ts';

const ISTIO_KINDS: readonly KindDefinition[] = [
  istioKind('AuthorizationPolicy', {
    validate: validateAuthorizationPolicy,
    complete: (spec) => ({ ...spec, action: spec.action ?? 'ALLOW' }),
  }),
  istioKind('DestinationRule', { validate: validateDestinationRule }),
  istioKind('EnvoyFilter', { validate: validateEnvoyFilter }),
  istioKind('Gateway', { validate: validateGateway }),
  istioKind('PeerAuthentication', { validate: validatePeerAuthentication }),
  istioKind('ProxyConfig', { validate: validateProxyConfig }),
  istioKind('RequestAuthentication', { validate: validateRequestAuthentication }),
  istioKind('ServiceEntry', {
    validate: validateServiceEntry,
    complete: (spec) => ({
      ...spec,
      location: spec.location ?? 'MESH_EXTERNAL',
      resolution: spec.resolution ?? 'NONE',
    }),
  }),
  istioKind('Sidecar', { validate: validateSidecar }),
  istioKind('Telemetry', { validate: validateTelemetry }),
  istioKind('VirtualService', {
    validate: validateVirtualService,
    complete: (spec) => ({ ...spec, hosts: spec.hosts ?? [] }),
  }),
  istioKind('WasmPlugin', { validate: validateWasmPlugin }),
  istioKind('WorkloadEntry', { validate: validateWorkloadEntry }),
  istioKind('WorkloadGroup', { validate: validateWorkloadGroup }),
];

const CORE_KINDS: readonly KindDefinition[] = [
  coreKind('ConfigMap', { group: '', fields: CONFIG_MAP_FIELDS }),
  coreKind('DaemonSet', { group: 'apps', spec: DAEMON_SET_SCHEMA, specRequired: true }, { validate: validateWorkload }),
  coreKind(
    'Deployment',
    { group: 'apps', spec: DEPLOYMENT_SCHEMA, specRequired: true },
    { validate: validateWorkload },
  ),
  coreKind('EndpointSlice', { group: 'discovery.k8s.io', versions: ['v1', 'v1beta1'], fields: ENDPOINT_SLICE_FIELDS }),
  coreKind('Endpoints', { group: '', fields: ENDPOINTS_FIELDS }),
  coreKind('Job', { group: 'batch', spec: JOB_SCHEMA, specRequired: true }),
  coreKind('Namespace', { group: '', namespaced: false, spec: NAMESPACE_SCHEMA }),
  coreKind('NetworkPolicy', { group: 'networking.k8s.io', spec: NETWORK_POLICY_SCHEMA }),
  coreKind('Node', { group: '', namespaced: false, spec: NODE_SCHEMA }),
  coreKind('Pod', { group: '', spec: POD_SCHEMA, specRequired: true, status: POD_STATUS_SCHEMA }),
  coreKind(
    'ReplicaSet',
    { group: 'apps', spec: REPLICA_SET_SCHEMA, specRequired: true },
    { validate: validateWorkload },
  ),
  coreKind('Secret', { group: '', fields: SECRET_FIELDS }),
  coreKind(
    'Service',
    { group: '', spec: SERVICE_SCHEMA, specRequired: true, status: SERVICE_STATUS_SCHEMA },
    { validate: validateService, complete: defaultService },
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
  coreKind(
    'StatefulSet',
    { group: 'apps', spec: STATEFUL_SET_SCHEMA, specRequired: true },
    { validate: validateWorkload },
  ),
];

/** Every kind that the mesh acts on. */
export const KINDS: readonly KindDefinition[] = [...ISTIO_KINDS, ...CORE_KINDS];

const BY_GROUP_AND_KIND = new Map(KINDS.map((definition) => [`${definition.group}/${definition.kind}`, definition]));

/** @returns undefined where the mesh does not act on that kind. */
export function findKind(group: string, kind: string): KindDefinition | undefined {
  return BY_GROUP_AND_KIND.get(`${group}/${kind}`);
}
