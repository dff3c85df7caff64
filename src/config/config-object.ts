import type { ObjectMeta, ObjectRef, Origin, RawObject } from '../model/index.ts';
import type { AuthorizationPolicySpec } from './authorization-policy/type.ts';
import type { DestinationRuleSpec } from './destination-rule/type.ts';
import type { EnvoyFilterSpec } from './envoy-filter/type.ts';
import type { GatewaySpec } from './gateway/type.ts';
import type { EndpointSliceSpec, EndpointsSpec } from './kubernetes/endpoint-slice.ts';
import type { ServiceExportSpec, ServiceImportSpec } from './kubernetes/multi-cluster.ts';
import type { ConfigMapSpec, NamespaceSpec, NodeSpec, SecretSpec, ServiceAccountSpec } from './kubernetes/namespace.ts';
import type { NetworkPolicySpec } from './kubernetes/network-policy.ts';
import type { PodSpec, PodStatus } from './kubernetes/pod.ts';
import type { ServiceSpec, ServiceStatus } from './kubernetes/service.ts';
import type { DaemonSetSpec, DeploymentSpec, JobSpec, StatefulSetSpec } from './kubernetes/workload.ts';
import type { PeerAuthenticationSpec } from './peer-authentication/type.ts';
import type { ProxyConfigSpec } from './proxy-config/type.ts';
import type { RequestAuthenticationSpec } from './request-authentication/type.ts';
import type { ServiceEntrySpec } from './service-entry/type.ts';
import type { SidecarSpec } from './sidecar/type.ts';
import type { TelemetrySpec } from './telemetry/type.ts';
import type { VirtualServiceSpec } from './virtual-service/type.ts';
import type { WasmPluginSpec } from './wasm-plugin/type.ts';
import type { WorkloadEntrySpec } from './workload-entry/type.ts';
import type { WorkloadGroupSpec } from './workload-group/type.ts';

/**
 * The kinds that the mesh acts on, with what they say. Kinds without a spec (EndpointSlice, Endpoints, ServiceAccount,
 * Secret, ConfigMap) have their own top-level fields here.
 */
export interface SpecByKind {
  readonly AuthorizationPolicy: AuthorizationPolicySpec;
  readonly DestinationRule: DestinationRuleSpec;
  readonly EnvoyFilter: EnvoyFilterSpec;
  readonly Gateway: GatewaySpec;
  readonly PeerAuthentication: PeerAuthenticationSpec;
  readonly ProxyConfig: ProxyConfigSpec;
  readonly RequestAuthentication: RequestAuthenticationSpec;
  readonly ServiceEntry: ServiceEntrySpec;
  readonly Sidecar: SidecarSpec;
  readonly Telemetry: TelemetrySpec;
  readonly VirtualService: VirtualServiceSpec;
  readonly WasmPlugin: WasmPluginSpec;
  readonly WorkloadEntry: WorkloadEntrySpec;
  readonly WorkloadGroup: WorkloadGroupSpec;
  readonly ConfigMap: ConfigMapSpec;
  readonly DaemonSet: DaemonSetSpec;
  readonly Deployment: DeploymentSpec;
  readonly EndpointSlice: EndpointSliceSpec;
  readonly Endpoints: EndpointsSpec;
  readonly Job: JobSpec;
  readonly Namespace: NamespaceSpec;
  readonly NetworkPolicy: NetworkPolicySpec;
  readonly Node: NodeSpec;
  readonly Pod: PodSpec;
  readonly ReplicaSet: DeploymentSpec;
  readonly Secret: SecretSpec;
  readonly Service: ServiceSpec;
  readonly ServiceAccount: ServiceAccountSpec;
  readonly ServiceExport: ServiceExportSpec;
  readonly ServiceImport: ServiceImportSpec;
  readonly StatefulSet: StatefulSetSpec;
}

/** The kinds whose status the mesh reads. */
export interface StatusByKind {
  readonly Pod: PodStatus;
  readonly Service: ServiceStatus;
}

export type Kind = keyof SpecByKind;

/** An object of one kind, checked, with defaults filled in. */
export interface ConfigObjectOf<K extends Kind> {
  readonly kind: K;
  readonly apiVersion: string;
  readonly ref: ObjectRef;
  readonly meta: ObjectMeta;
  readonly spec: SpecByKind[K];
  readonly status?: K extends keyof StatusByKind ? StatusByKind[K] : undefined;
  readonly origin: Origin;
  readonly positionOf?: NonNullable<RawObject['positionOf']>;
}

/** An object of one of these kinds. */
export type ObjectOfKind<K extends Kind> = K extends Kind ? ConfigObjectOf<K> : never;

/** Any object that the mesh acts on, told apart by `kind`. */
export type ConfigObject = { readonly [K in Kind]: ConfigObjectOf<K> }[Kind];

export type VirtualService = ConfigObjectOf<'VirtualService'>;
export type DestinationRule = ConfigObjectOf<'DestinationRule'>;
export type ServiceEntry = ConfigObjectOf<'ServiceEntry'>;
export type Gateway = ConfigObjectOf<'Gateway'>;
export type Sidecar = ConfigObjectOf<'Sidecar'>;
export type PeerAuthentication = ConfigObjectOf<'PeerAuthentication'>;
export type AuthorizationPolicy = ConfigObjectOf<'AuthorizationPolicy'>;
export type RequestAuthentication = ConfigObjectOf<'RequestAuthentication'>;
export type WorkloadEntry = ConfigObjectOf<'WorkloadEntry'>;
export type EnvoyFilter = ConfigObjectOf<'EnvoyFilter'>;
export type Telemetry = ConfigObjectOf<'Telemetry'>;
export type KubernetesService = ConfigObjectOf<'Service'>;
export type Pod = ConfigObjectOf<'Pod'>;
export type EndpointSlice = ConfigObjectOf<'EndpointSlice'>;
export type Namespace = ConfigObjectOf<'Namespace'>;
export type Secret = ConfigObjectOf<'Secret'>;
