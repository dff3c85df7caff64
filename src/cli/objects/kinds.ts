/** How a kind is named on the command line, as kubectl and its API server have it. */
export interface KindNames {
  readonly kind: string;
  readonly plural: string;
  readonly short: readonly string[];
  /** API group; empty for Kubernetes' core. */
  readonly group: string;
  readonly namespaced: boolean;
}

function named(kind: string, plural: string, short: string, group: string, namespaced = true): KindNames {
  return { kind, plural, short: short === '' ? [] : short.split(','), group, namespaced };
}

const NETWORKING = 'networking.istio.io';
const SECURITY = 'security.istio.io';
const GATEWAY_API = 'gateway.networking.k8s.io';

const KINDS: readonly KindNames[] = [
  named('Pod', 'pods', 'po', ''),
  named('Service', 'services', 'svc', ''),
  named('Endpoints', 'endpoints', 'ep', ''),
  named('ConfigMap', 'configmaps', 'cm', ''),
  named('Secret', 'secrets', '', ''),
  named('ServiceAccount', 'serviceaccounts', 'sa', ''),
  named('Namespace', 'namespaces', 'ns', '', false),
  named('Node', 'nodes', 'no', '', false),
  named('Deployment', 'deployments', 'deploy', 'apps'),
  named('ReplicaSet', 'replicasets', 'rs', 'apps'),
  named('StatefulSet', 'statefulsets', 'sts', 'apps'),
  named('DaemonSet', 'daemonsets', 'ds', 'apps'),
  named('Job', 'jobs', '', 'batch'),
  named('EndpointSlice', 'endpointslices', '', 'discovery.k8s.io'),
  named('NetworkPolicy', 'networkpolicies', 'netpol', 'networking.k8s.io'),
  named('VirtualService', 'virtualservices', 'vs', NETWORKING),
  named('DestinationRule', 'destinationrules', 'dr', NETWORKING),
  named('ServiceEntry', 'serviceentries', 'se', NETWORKING),
  // `gw` and `gateway` mean Istio's, as long as Kubernetes' is not asked for with its group.
  named('Gateway', 'gateways', 'gw', NETWORKING),
  named('Sidecar', 'sidecars', '', NETWORKING),
  named('WorkloadEntry', 'workloadentries', 'we', NETWORKING),
  named('WorkloadGroup', 'workloadgroups', 'wg', NETWORKING),
  named('EnvoyFilter', 'envoyfilters', '', NETWORKING),
  named('ProxyConfig', 'proxyconfigs', '', NETWORKING),
  named('PeerAuthentication', 'peerauthentications', 'pa', SECURITY),
  named('AuthorizationPolicy', 'authorizationpolicies', 'ap', SECURITY),
  named('RequestAuthentication', 'requestauthentications', 'ra', SECURITY),
  named('Telemetry', 'telemetries', 'telemetry', 'telemetry.istio.io'),
  named('WasmPlugin', 'wasmplugins', '', 'extensions.istio.io'),
  named('GatewayClass', 'gatewayclasses', 'gc', GATEWAY_API, false),
  named('HTTPRoute', 'httproutes', '', GATEWAY_API),
  named('GRPCRoute', 'grpcroutes', '', GATEWAY_API),
  named('ReferenceGrant', 'referencegrants', 'refgrant', GATEWAY_API),
  named('ServiceExport', 'serviceexports', '', 'multicluster.x-k8s.io'),
  named('ServiceImport', 'serviceimports', '', 'multicluster.x-k8s.io'),
];

/** What `get all` shows, as kubectl has it. */
const ALL: readonly string[] = ['Pod', 'Service', 'DaemonSet', 'Deployment', 'StatefulSet', 'Job'];

/** For completion. */
export const KIND_WORDS: readonly string[] = KINDS.flatMap(({ plural, short }) => [plural, ...short]);

/**
 * The kinds that a word means: `svc`, `services`, `Service`, `virtualservices.networking.istio.io`, `svc,deploy`, `all`.
 * A kind that is not known here is taken as it is written: the fleet knows whether it has such objects.
 */
export function parseKinds(text: string): readonly KindNames[] {
  const words = text.split(',').filter((word) => word !== '');
  return words.flatMap((word) => (word.toLowerCase() === 'all' ? ALL.map(namesOfKind) : [parseKind(word)]));
}

function parseKind(word: string): KindNames {
  const [name = '', ...rest] = word.toLowerCase().split('.');
  const group = rest.join('.').replace(/^v\d+((alpha|beta)\d+)?\./, '');
  const found = KINDS.find((kind) => isCalled(kind, name) && (group === '' || kind.group === group));
  if (found) return found;
  const [kind = word] = word.split('.');
  const known = KINDS.find((each) => isCalled(each, name));
  return { ...namesOfKind(known?.kind ?? kind), group };
}

function isCalled({ kind, plural, short }: KindNames, name: string): boolean {
  return kind.toLowerCase() === name || plural === name || short.includes(name);
}

/** Is it a kind that every fleet has, also where it has no object of it? */
export function isKnownKind({ kind }: KindNames): boolean {
  return KINDS.some((each) => each.kind === kind);
}

/** The names of a kind as objects carry it. */
export function namesOfKind(kind: string): KindNames {
  const found = KINDS.find((each) => each.kind === kind);
  return found ?? { kind, plural: `${kind.toLowerCase()}s`, short: [], group: '', namespaced: true };
}

/** As kubectl calls an object: `service/web`, `virtualservice.networking.istio.io/web`. */
export function formatResourceName(kind: string, name: string, apiVersion?: string): string {
  const slash = apiVersion?.lastIndexOf('/') ?? -1;
  const group = apiVersion === undefined ? namesOfKind(kind).group : apiVersion.slice(0, Math.max(0, slash));
  return `${kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${name}`;
}
