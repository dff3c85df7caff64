import { KINDS } from '../../config/index.ts';
import type { Projection } from './projection.ts';
import {
  projectConfig,
  projectLabels,
  projectNode,
  projectPod,
  projectSecret,
  projectService,
  projectSlice,
} from './projection.ts';

/** A kind that is watched, and what is kept of its objects. */
export interface WatchedKind {
  readonly kind: string;
  /** Empty: Kubernetes' core group. */
  readonly group: string;
  /** The versions that can be read, the preferred one first. */
  readonly versions: readonly string[];
  /** In the plural, as in paths: `pods`. */
  readonly resource: string;
  /** Is it there in every cluster? Others are there once their CustomResourceDefinition is. */
  readonly builtIn: boolean;
  /**
   * Would the mesh be less strict without these objects? Then nothing is served before they were read; of other kinds, a
   * refusal (403) holds nobody up.
   */
  readonly restricts: boolean;
  readonly fieldSelector?: string;
  readonly project: Projection;
}

/** `registry`: what every member contributes; `all`: also rules and policies, which count in the cluster that is served. */
export type KindSet = 'registry' | 'all';

/** Types of Secrets that never hold a gateway's keys: they are many or large, and need not leave the API server. */
const SECRET_TYPES_NOT_READ = [
  'helm.sh/release.v1',
  'kubernetes.io/service-account-token',
  'kubernetes.io/dockercfg',
  'kubernetes.io/dockerconfigjson',
  'kubernetes.io/basic-auth',
  'kubernetes.io/ssh-auth',
  'bootstrap.kubernetes.io/token',
];

const REGISTRY: readonly WatchedKind[] = [
  core('Namespace', 'namespaces', projectLabels),
  core('Node', 'nodes', projectNode),
  core('Service', 'services', projectService),
  { ...core('EndpointSlice', 'endpointslices', projectSlice), group: 'discovery.k8s.io' },
  core('Pod', 'pods', projectPod),
  {
    ...core('ServiceExport', 'serviceexports', projectConfig),
    group: 'multicluster.x-k8s.io',
    versions: versionsOf('multicluster.x-k8s.io', 'ServiceExport'),
    builtIn: false,
  },
];

const CONFIG: readonly WatchedKind[] = [
  istio('AuthorizationPolicy', 'security', 'authorizationpolicies', true),
  istio('DestinationRule', 'networking', 'destinationrules'),
  istio('EnvoyFilter', 'networking', 'envoyfilters'),
  istio('Gateway', 'networking', 'gateways'),
  istio('PeerAuthentication', 'security', 'peerauthentications', true),
  istio('ProxyConfig', 'networking', 'proxyconfigs'),
  istio('RequestAuthentication', 'security', 'requestauthentications', true),
  istio('ServiceEntry', 'networking', 'serviceentries'),
  istio('Sidecar', 'networking', 'sidecars'),
  istio('Telemetry', 'telemetry', 'telemetries'),
  istio('VirtualService', 'networking', 'virtualservices'),
  istio('WasmPlugin', 'extensions', 'wasmplugins'),
  istio('WorkloadEntry', 'networking', 'workloadentries'),
  istio('WorkloadGroup', 'networking', 'workloadgroups'),
];

const SECRETS: WatchedKind = {
  ...core('Secret', 'secrets', projectSecret),
  fieldSelector: SECRET_TYPES_NOT_READ.map((type) => `type!=${type}`).join(','),
};

/** Secrets are their own choice: they are read only where gateways are served out of them. */
export function watchedKinds(of: { readonly kinds: KindSet; readonly secrets: boolean }): readonly WatchedKind[] {
  return [...REGISTRY, ...(of.kinds === 'all' ? CONFIG : []), ...(of.secrets ? [SECRETS] : [])];
}

function core(kind: string, resource: string, project: Projection): WatchedKind {
  return { kind, group: '', versions: ['v1'], resource, builtIn: true, restricts: false, project };
}

function istio(kind: string, area: string, resource: string, restricts = false): WatchedKind {
  const group = `${area}.istio.io`;
  const versions = versionsOf(group, kind);
  return { kind, group, versions, resource, builtIn: false, restricts, project: projectConfig };
}

/** The versions that the stage config reads: `v1` first, then betas, then alphas, newer ones first (Kubernetes: version priority). */
function versionsOf(group: string, kind: string): readonly string[] {
  const found = KINDS.find((definition) => definition.group === group && definition.kind === kind);
  const rank = (version: string): number => (version.includes('alpha') ? 2 : version.includes('beta') ? 1 : 0);
  return [...(found?.versions ?? ['v1'])].sort((a, b) => rank(a) - rank(b) || (a < b ? 1 : -1));
}
