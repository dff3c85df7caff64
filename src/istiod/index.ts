/**
 * Istiod: the composition of a control plane on Kubernetes, the program that runs in the pod of that name.
 * Takes API servers as clients and the pod's environment; gives servers and what is kept up in the clusters.
 * Must never decide what a proxy is sent: that is for the stages before it.
 */

export { ownVersion, runDiscovery } from './discovery.ts';
export * from './dns/index.ts';
export { Istiod, type IstiodOptions } from './istiod.ts';
export { type Duty, LeaderDuties, type LeaderDutiesOptions } from './leader/leader-duties.ts';
export { LeaderElection, type LeaderElectionOptions, type LeaseTimes } from './leader/leader-election.ts';
export { ISTIOD_PORTS, type IstiodPorts, type IstiodSettings, readSettings } from './settings.ts';
export { StatusWriter, type StatusWriterOptions } from './status/status-writer.ts';
export { ClusterAuthority, type ClusterAuthorityOptions, loadClusterAuthority } from './trust/cluster-authority.ts';
export { MemberRoots, type MemberRootsOptions } from './trust/member-roots.ts';
export { ROOTS_CONFIG_MAP, ROOTS_KEY, RootPublisher, type RootPublisherOptions } from './trust/root-publisher.ts';
export { kubernetesTokenReviewer } from './trust/token-reviewer.ts';
export {
  WebhookCaBundle,
  type WebhookCaBundleOptions,
  type WebhookConfigurationRef,
  webhookPatch,
} from './trust/webhook-ca-bundle.ts';
export * from './webhook/index.ts';
