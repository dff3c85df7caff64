import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import type { InstallValues } from '../values/install-values.ts';
import {
  binding,
  GATEWAY_SECRETS,
  LEASES,
  managesCoreDns,
  REGISTRY_RULES,
  role,
  serviceAccount,
  servingRules,
} from './istiod-access.ts';
import { ownershipLabels } from './labels.ts';
import { READER_ACCOUNT } from './names.ts';

/** The root namespace. Its network label is the network of all pods of the cluster that have no label of their own (Istio). */
export function namespaceObject(values: InstallValues, primary: string | undefined): KubernetesObject {
  const isServed = values.role.kind === 'remote';
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: values.namespace,
      // A control plane writes into another cluster only where that cluster names it (Istio).
      ...(isServed ? { annotations: { 'topology.istio.io/controlPlaneClusters': primary ?? '*' } } : {}),
      labels: { ...ownershipLabels(values, 'Base'), 'topology.istio.io/network': values.network },
    },
  };
}

/**
 * What another cluster's control plane may do here, by a remote secret: to read what the mesh is made of, and, where it
 * serves this cluster's proxies, what its own control plane would do.
 */
export function readerAccess(values: InstallValues): readonly KubernetesObject[] {
  const labels = { app: 'istio-reader', ...ownershipLabels(values, 'Base') };
  const name = `istio-reader-clusterrole-${values.namespace}`;
  const account = { kind: 'ServiceAccount', name: READER_ACCOUNT, namespace: values.namespace };
  const isServed = values.role.kind === 'remote';
  const rules = [...REGISTRY_RULES, ...(isServed ? [...servingRules(values), GATEWAY_SECRETS] : TOKEN_RULES)];
  return [
    serviceAccount({ name: READER_ACCOUNT, labels, values }),
    role({ name, labels, rules }),
    binding({ name, labels, account }),
    ...(isServed ? leases(values, { labels, account }) : []),
    ...(isServed && managesCoreDns(values) ? coreDns({ labels, account }) : []),
  ];
}

/** Of an account that reads a cluster and does not serve it, made without an installation. */
export function plainReaderAccess({
  name,
  namespace,
}: {
  readonly name: string;
  readonly namespace: string;
}): readonly KubernetesObject[] {
  const labels = { app: 'istio-reader' };
  const named = { name: `istio-reader-clusterrole-${namespace}`, labels };
  const account = { kind: 'ServiceAccount', name, namespace };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } },
    role({ ...named, rules: [...REGISTRY_RULES, ...TOKEN_RULES] }),
    binding({ ...named, account }),
  ];
}

/** As in Istio: whoever reads a cluster may ask whether a token is one of its own. */
const TOKEN_RULES = [{ apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] }];

interface Reader {
  readonly labels: Readonly<Record<string, string>>;
  readonly account: { readonly kind: string; readonly name: string; readonly namespace: string };
}

function leases(values: InstallValues, { labels, account }: Reader): readonly KubernetesObject[] {
  const named = { name: 'istio-reader-leases', namespace: values.namespace, labels };
  return [role({ ...named, rules: [LEASES] }), binding({ ...named, account })];
}

function coreDns({ labels, account }: Reader): readonly KubernetesObject[] {
  const named = { name: 'istio-reader-coredns', namespace: 'kube-system', labels };
  const verbs = ['get', 'list', 'watch', 'update', 'patch'];
  const rules = [{ apiGroups: [''], resources: ['configmaps'], resourceNames: ['coredns'], verbs }];
  return [role({ ...named, rules }), binding({ ...named, account })];
}
