/**
 * Envoy: finds it, writes its bootstrap, starts it and keeps it running, or puts it into the pods of a Kubernetes cluster.
 * Takes what a proxy must know, gives a running proxy with its status, or a pod that has one. Must never decide what
 * configuration a proxy gets: that comes over xDS.
 */
export type { ActiveWork } from './active-work.ts';
export { AdminClient, type Readiness } from './admin-client.ts';
export {
  type AdminAnswer,
  type AdminDial,
  type AdminLimits,
  type AdminRequest,
  adminRequest,
} from './admin-request.ts';
export { type BootstrapSpec, bootstrap, formatNodeId } from './bootstrap.ts';
export { XDS_CLUSTER, type XdsServer } from './bootstrap-xds.ts';
export { cachedEnvoyPath, ENVOY_VERSION, type EnvoySearch, findEnvoy } from './envoy-binary.ts';
export { gatewayPod } from './injection/gateway-pod.ts';
export { type InjectedManifest, injectManifest, type ManifestOutcome } from './injection/inject-manifest.ts';
export { type Injection, injectPod } from './injection/inject-pod.ts';
export type { PatchOperation } from './injection/json-patch.ts';
export { type Pod, parsePod } from './injection/pod.ts';
export { controlPlaneHost, ROOTS_FILE, TOKEN_FILE } from './injection/pod-bootstrap.ts';
export { decideInjection, type InjectionNamespace, SYSTEM_NAMESPACES } from './injection/policy.ts';
export { TOKEN_AUDIENCE } from './injection/proxy-container.ts';
export { type InjectionSettings, type InjectionSources, injectionSettings } from './injection/settings.ts';
export { LocalProxyRuntime, ProxyError } from './local-runtime.ts';
export type { LaunchedProcess, LaunchSpec, ProcessEnd, ProcessLauncher, ProcessStatus } from './process-launcher.ts';
export type { ProxyRuntime, ProxySpec, RunningProxy, RunningProxyStatus } from './proxy-runtime.ts';
export {
  formatTokenSecret,
  formatTrustSecret,
  replaceFile,
  writeXdsFiles,
  type XdsFileSources,
  type XdsFiles,
} from './xds-files.ts';
