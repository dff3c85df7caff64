import { KINDS } from '../../config/index.ts';
import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { listAt, textAt } from '../objects/body.ts';
import { namesOfKind } from '../objects/kinds.ts';
import { type Check, type CheckContext, failure, nameSome, ok, type Verdict, warning } from './check.ts';

/** Sidecars need restartable init containers (on since 1.29) and the sleep of a preStop hook (on since 1.30). */
const OLDEST_MINOR = 30;
/** Groups whose kinds have to be there. */
const ISTIO_KINDS = KINDS.filter(({ group }) => group.endsWith('.istio.io'));

/** What an installation makes, and so has to be allowed to make. */
const TO_CREATE: readonly (readonly [group: string, resource: string, isNamespaced: boolean])[] = [
  ['', 'namespaces', false],
  ['apiextensions.k8s.io', 'customresourcedefinitions', false],
  ['rbac.authorization.k8s.io', 'clusterroles', false],
  ['rbac.authorization.k8s.io', 'clusterrolebindings', false],
  ['admissionregistration.k8s.io', 'mutatingwebhookconfigurations', false],
  ['admissionregistration.k8s.io', 'validatingwebhookconfigurations', false],
  ['', 'serviceaccounts', true],
  ['', 'services', true],
  ['', 'configmaps', true],
  ['', 'secrets', true],
  ['apps', 'deployments', true],
  ['policy', 'poddisruptionbudgets', true],
];

/** The cluster itself, before anything of the mesh. */
export const CLUSTER_CHECKS: readonly Check[] = [
  {
    id: 'api-reachable',
    group: 'kubernetes-api',
    text: 'the API server answers',
    why: 'Everything that is known of a cluster is asked of its API server.',
    remedy: 'See whether `kubectl version` answers; check the address in the kubeconfig and the network to it.',
    when: 'both',
    isFatal: true,
    run: async ({ cluster }) => ok(`${textAt(await cluster.api.get('/version'), 'gitVersion')} at ${cluster.api.url}`),
  },
  {
    id: 'kubernetes-version',
    group: 'kubernetes-version',
    text: `Kubernetes is 1.${OLDEST_MINOR} or later`,
    why: 'Proxies are native sidecars: they start before the application and end after it. Older versions cannot do that.',
    remedy: 'Upgrade the cluster.',
    when: 'both',
    run: async ({ cluster }) => judgeVersion(textAt(await cluster.api.get('/version'), 'gitVersion')),
  },
  {
    id: 'may-install',
    group: 'permissions',
    text: 'you may create what an installation consists of',
    why: 'An installation that stops in the middle leaves a mesh that does not work.',
    remedy: 'Install as an administrator of the cluster (ClusterRole cluster-admin).',
    when: 'pre',
    run: async (context) => {
      const wishes = TO_CREATE.map(([group, resource, isNamespaced]) => ({
        verb: 'create',
        group,
        resource,
        ...(isNamespaced ? { namespace: context.cluster.istioNamespace } : {}),
      }));
      const answers = await Promise.all(wishes.map((wish) => may(context, wish)));
      const missing = wishes.filter((_wish, index) => !answers[index]).map(({ resource }) => resource);
      return missing.length === 0 ? ok() : failure(`you may not create ${nameSome(missing)}`);
    },
  },
  {
    id: 'may-port-forward',
    group: 'permissions',
    text: 'you may forward ports to pods of the control plane',
    why: 'istiod tells its state on the loopback of its pod only; without it the checks below see less.',
    remedy: 'Ask for a role that allows to create pods/portforward in the namespace of istiod.',
    when: 'post',
    run: async (context) => {
      const namespace = context.cluster.istioNamespace;
      const wish = { verb: 'create', group: '', resource: 'pods', subresource: 'portforward', namespace };
      return (await may(context, wish)) ? ok() : warning(`you may not create pods/portforward in ${namespace}`);
    },
  },
  {
    id: 'crds-installed',
    group: 'crds',
    text: 'the kinds of the mesh are known to the cluster',
    why: 'Without them no VirtualService, DestinationRule or policy can be stored.',
    remedy: 'Run `istioctl install`.',
    when: 'post',
    run: async ({ facts }) => {
      const found = await facts.list('/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
      const established = new Set(found.filter(isEstablished).map(({ metadata }) => metadata.name));
      const wanted = ISTIO_KINDS.map(({ kind, group }) => `${namesOfKind(kind).plural}.${group}`);
      const missing = wanted.filter((name) => !established.has(name));
      return missing.length === 0 ? ok(`${wanted.length} kinds`) : failure(`missing: ${nameSome(missing)}`);
    },
  },
];

/** `v1.37.2`, `v1.33.1-gke.100`. */
export function judgeVersion(text: string): Verdict {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? [];
  if (major === undefined) return warning(`the version "${text}" cannot be read`);
  const isOld = Number(major) < 1 || (Number(major) === 1 && Number(minor) < OLDEST_MINOR);
  return isOld ? failure(`it is ${text}`) : ok(text);
}

function isEstablished(definition: KubernetesObject): boolean {
  return listAt(definition, 'status', 'conditions').some(
    (condition) => textAt(condition, 'type') === 'Established' && textAt(condition, 'status') === 'True',
  );
}

interface Wish {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
}

async function may({ cluster }: CheckContext, resourceAttributes: Wish): Promise<boolean> {
  const review = await cluster.api.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  });
  return textAt(review, 'status', 'allowed') === 'true';
}
