/** What the control plane may do: one rule for each thing that it does, and nothing beside. */
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { type InstallValues, revisionSuffix } from '../values/install-values.ts';
import { ownershipLabels } from './labels.ts';
import { injectorName, istiodName, validatorName } from './names.ts';

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const READ = ['get', 'list', 'watch'];
export const ISTIO_GROUPS: readonly string[] = [
  'extensions.istio.io',
  'networking.istio.io',
  'security.istio.io',
  'telemetry.istio.io',
];
/** Status is written where people read it; a wildcard in front of a subresource is not taken by Kubernetes. */
const STATUS: Readonly<Record<string, readonly string[]>> = {
  'extensions.istio.io': ['trafficextensions', 'wasmplugins'],
  'networking.istio.io': [
    'destinationrules',
    'envoyfilters',
    'gateways',
    'proxyconfigs',
    'serviceentries',
    'sidecars',
    'virtualservices',
    'workloadentries',
    'workloadgroups',
  ],
  'security.istio.io': ['authorizationpolicies', 'peerauthentications', 'requestauthentications'],
  'telemetry.istio.io': ['telemetries'],
};

/** What the mesh is made of, in this cluster or in one that is served from elsewhere. */
export const REGISTRY_RULES: readonly PolicyRule[] = [
  { apiGroups: [''], resources: ['namespaces', 'nodes', 'pods', 'services'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceexports'], verbs: READ },
  { apiGroups: ISTIO_GROUPS, resources: ['*'], verbs: READ },
  // The roots that this cluster's proxies believe; they become part of the mesh's.
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['istio-ca-root-cert'], verbs: READ },
];

/** Credentials of gateways, which run in any namespace (Istio gives istiod the same right). */
export const GATEWAY_SECRETS: PolicyRule = { apiGroups: [''], resources: ['secrets'], verbs: READ };

/** What a control plane must do in a cluster whose proxies it serves. */
export function servingRules(values: InstallValues): readonly PolicyRule[] {
  return [
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    // Roots for every namespace. Kubernetes cannot restrict `create` by name.
    { apiGroups: [''], resources: ['configmaps'], verbs: ['create'] },
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['istio-ca-root-cert'], verbs: ['update', 'patch'] },
    // Services without selector for those that live in other clusters only.
    { apiGroups: [''], resources: ['services'], verbs: ['create', 'update', 'patch', 'delete'] },
    // The certificate authority of the webhooks. A list by name is one of a field selector.
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['mutatingwebhookconfigurations'],
      resourceNames: [injectorName(values)],
      verbs: [...READ, 'update', 'patch'],
    },
    {
      apiGroups: ['admissionregistration.k8s.io'],
      resources: ['validatingwebhookconfigurations'],
      resourceNames: [validatorName(values)],
      verbs: [...READ, 'update', 'patch'],
    },
    ...Object.entries(STATUS).map(([group, resources]) => ({
      apiGroups: [group],
      resources: resources.map((resource) => `${resource}/status`),
      verbs: ['update', 'patch'],
    })),
  ];
}

/** Which replica does what only one may do is settled in the cluster that it is done in. */
export const LEASES: PolicyRule = {
  apiGroups: ['coordination.k8s.io'],
  resources: ['leases'],
  verbs: [...READ, 'create', 'update', 'patch'],
};

/** What it does in its own namespace only. */
function ownNamespaceRules(): readonly PolicyRule[] {
  return [
    // The authority's key; remote secrets are read by the rule for all namespaces.
    { apiGroups: [''], resources: ['secrets'], verbs: ['create'] },
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['istio-ca-secret'], verbs: ['update', 'patch'] },
    { apiGroups: [''], resources: ['configmaps'], verbs: READ },
    LEASES,
  ];
}

/** Account, roles and bindings of the control plane's pods. */
export function istiodAccess(values: InstallValues): readonly KubernetesObject[] {
  const name = istiodName(values);
  const clusterRole = `istiod-clusterrole${revisionSuffix(values)}-${values.namespace}`;
  const labels = { app: 'istiod', ...ownershipLabels(values, 'Pilot') };
  const account = { kind: 'ServiceAccount', name, namespace: values.namespace };
  return [
    serviceAccount({ name, labels, values }),
    role({ name: clusterRole, labels, rules: [...REGISTRY_RULES, GATEWAY_SECRETS, ...servingRules(values)] }),
    binding({ name: clusterRole, labels, account }),
    role({ name, namespace: values.namespace, labels, rules: ownNamespaceRules() }),
    binding({ name, namespace: values.namespace, labels, account }),
    ...coreDnsAccess({ values, labels, account }),
  ];
}

interface Account {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

interface CoreDnsAccess {
  readonly values: InstallValues;
  readonly labels: Readonly<Record<string, string>>;
  readonly account: Account;
}

/** Only the one ConfigMap, and only where the mesh's zones are to be forwarded. */
export function coreDnsAccess({ values, labels, account }: CoreDnsAccess): readonly KubernetesObject[] {
  if (!managesCoreDns(values)) return [];
  const name = `istiod-coredns${revisionSuffix(values)}`;
  const namespace = 'kube-system';
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['coredns'], verbs: [...READ, 'update', 'patch'] },
  ];
  return [role({ name, namespace, labels, rules }), binding({ name, namespace, labels, account })];
}

export function managesCoreDns(values: InstallValues): boolean {
  const dns = (values.values['pilot'] as { readonly dns?: { readonly coredns?: unknown } } | undefined)?.dns;
  return dns?.coredns === 'manage';
}

interface Named {
  readonly name: string;
  readonly namespace?: string;
  readonly labels: Readonly<Record<string, string>>;
}

export function serviceAccount(of: {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly values: InstallValues;
}): KubernetesObject {
  const { name, labels, values } = of;
  const global = values.values['global'] as { readonly imagePullSecrets?: readonly string[] } | undefined;
  const pullSecrets = global?.imagePullSecrets ?? [];
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name, namespace: values.namespace, labels },
    ...(pullSecrets.length > 0 ? { imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })) } : {}),
  };
}

/** A Role where there is a namespace, else a ClusterRole. */
export function role({ rules, ...named }: Named & { readonly rules: readonly PolicyRule[] }): KubernetesObject {
  const kind = named.namespace === undefined ? 'ClusterRole' : 'Role';
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind, metadata: metadataOf(named), rules };
}

/** Binds the role of the same name. */
export function binding({ account, ...named }: Named & { readonly account: Account }): KubernetesObject {
  const kind = named.namespace === undefined ? 'ClusterRole' : 'Role';
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: `${kind}Binding`,
    metadata: metadataOf(named),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: named.name },
    subjects: [account],
  };
}

function metadataOf({ name, namespace, labels }: Named): KubernetesObject['metadata'] {
  return { name, ...(namespace === undefined ? {} : { namespace }), labels };
}
