/**
 * Config: objects as people write them become typed objects that can be relied on.
 * Takes raw objects, gives typed objects with defaults filled in, and diagnostics. One folder per API kind.
 * Must never read a file, a clock or another object's state while it parses one object: adding a broken object changes
 * no other object's result.
 */
export { analyze } from './analyze/analyze.ts';
export { canonicalHost, knowledgeOf, type MeshKnowledge } from './analyze/mesh-knowledge.ts';
export type {
  AuthorizationCondition,
  AuthorizationOperation,
  AuthorizationPolicySpec,
  AuthorizationRule,
  AuthorizationSource,
} from './authorization-policy/type.ts';
export type * from './config-object.ts';
export type { ConsistentHash, LoadBalancerSettings, LocalityLbSetting } from './destination-rule/load-balancer.ts';
export type {
  ClientTlsSettings,
  ConnectionPoolSettings,
  DestinationRuleSpec,
  OutlierDetection,
  PortTrafficPolicy,
  Subset,
  TrafficPolicy,
} from './destination-rule/type.ts';
export type { ApplyTo, EnvoyConfigPatch, EnvoyFilterSpec, EnvoyPatch, EnvoyPatchMatch } from './envoy-filter/type.ts';
export type { ServerTlsSettings, TlsVersion } from './gateway/server-tls.ts';
export type { GatewaySpec, Server } from './gateway/type.ts';
export type { KindDefinition } from './kind-definition.ts';
export { findKind, KINDS } from './kinds.ts';
export type { EndpointSliceSpec, EndpointsSpec, SliceEndpoint, SlicePort } from './kubernetes/endpoint-slice.ts';
export {
  type KubernetesLabelSelector,
  type LabelRequirement,
  labelSelectorMatches,
} from './kubernetes/label-selector.ts';
export type { ServiceExportSpec, ServiceImportSpec } from './kubernetes/multi-cluster.ts';
export type { ConfigMapSpec, NamespaceSpec, NodeSpec, SecretSpec, ServiceAccountSpec } from './kubernetes/namespace.ts';
export type { NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from './kubernetes/network-policy.ts';
export type {
  Container,
  ContainerPort,
  EnvironmentVariable,
  PodSpec,
  PodStatus,
  PodTemplate,
  Probe,
} from './kubernetes/pod.ts';
export type { KubernetesServicePort, ServiceSpec, ServiceStatus } from './kubernetes/service.ts';
export type { DaemonSetSpec, DeploymentSpec, JobSpec, StatefulSetSpec } from './kubernetes/workload.ts';
export { type ObjectChanges, type ObjectIndex, ObjectStore } from './object-store.ts';
export { type ParsedObject, parseObject } from './parse-object.ts';
export type { MtlsMode, PeerAuthenticationSpec } from './peer-authentication/type.ts';
export type { ProxyConfigSpec } from './proxy-config/type.ts';
export type { JwtRule, RequestAuthenticationSpec } from './request-authentication/type.ts';
export type {
  LabelSelector,
  Labels,
  PolicySelection,
  PolicyTargetReference,
  WorkloadSelector,
} from './selection/type.ts';
export type { ServiceEntryPort, ServiceEntrySpec } from './service-entry/type.ts';
export { isClusterImport } from './service-entry/validate.ts';
export type {
  CaptureMode,
  EgressListener,
  IngressListener,
  OutboundTrafficPolicy,
  SidecarPort,
  SidecarSpec,
} from './sidecar/type.ts';
export type { AccessLogging, CustomTag, Metrics, ProviderRef, TelemetrySpec, Tracing } from './telemetry/type.ts';
export { parseDurationMs } from './values/duration.ts';
export { GRPC_STATUS_NAMES } from './values/grpc-status.ts';
export { isCidrBlock, isIpAddress } from './values/ip-address.ts';
export { parseUrl, type Url } from './values/url.ts';
export type { HttpFault } from './virtual-service/fault.ts';
export { isPassthroughSni } from './virtual-service/passthrough-sni.ts';
export { isRoutingClaim } from './virtual-service/routing-claim.ts';
export type {
  CorsPolicy,
  Destination,
  HeaderOperations,
  Headers,
  HttpDirectResponse,
  HttpMatch,
  HttpRedirect,
  HttpRetry,
  HttpRewrite,
  HttpRoute,
  HttpRouteDestination,
  Percent,
  RouteDestination,
  StringMatch,
  TcpMatch,
  TcpRoute,
  TlsMatch,
  TlsRoute,
  VirtualServiceSpec,
} from './virtual-service/type.ts';
export type { WasmPluginSpec } from './wasm-plugin/type.ts';
export type { WorkloadEntrySpec } from './workload-entry/type.ts';
export type { ReadinessProbe, WorkloadGroupSpec } from './workload-group/type.ts';
