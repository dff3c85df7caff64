import { findOtherIstio } from '../../install/index.ts';
import { type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { SYSTEM_NAMESPACES } from '../../proxies/index.ts';
import { isReady } from '../kubernetes/pods.ts';
import { listAt, textAt } from '../objects/body.ts';
import { judgeCertificates } from './certificate-verdict.ts';
import { type Check, type CheckContext, failure, nameSome, ok, skipped, type Verdict, warning } from './check.ts';

const REMOTE = 'another cluster serves this one';
const ROOTS = 'istio-ca-root-cert';
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

/** istiod, its webhooks, and the roots that it hands out. */
export const CONTROL_PLANE_CHECKS: readonly Check[] = [
  {
    id: 'no-other-istio',
    group: 'control-plane',
    text: 'no other Istio has the place of this one',
    why: 'Two control planes of one revision would fight for the same webhooks, Services and proxies, so an installation is refused.',
    remedy:
      'Install beside it as a revision of its own (`istioctl install --revision pelagos`), move namespaces over one by one, and remove the old one with its own istioctl.',
    when: 'pre',
    run: async ({ cluster: { api, istioNamespace, revision } }) => {
      const own = revision === undefined || revision === 'default' ? '' : revision;
      const other = await findOtherIstio(api, { revision: own, namespace: istioNamespace });
      return other ? failure(`${other.namespace}/${other.name} with image ${other.image}`) : ok();
    },
  },
  {
    id: 'istiod-installed',
    group: 'control-plane',
    text: 'a control plane is there for this cluster',
    why: 'Proxies get everything they know from it.',
    remedy: 'Run `istioctl install`.',
    when: 'post',
    isFatal: true,
    run: async ({ cluster, facts }) => {
      const pods = await facts.istiodPods();
      if (pods.length > 0) return ok(`${pods.length} pods of istiod`);
      if (await facts.isRemote()) return ok(REMOTE);
      return failure(`there is no pod of istiod in namespace ${cluster.istioNamespace}`);
    },
  },
  {
    id: 'istiod-ready',
    group: 'control-plane',
    text: "istiod's pods are ready",
    why: 'While none is, proxies keep what they have and learn nothing new, and new pods get no proxy.',
    remedy: 'See why with `kubectl -n istio-system describe pods -l app=istiod`, and read their log.',
    when: 'post',
    run: async ({ facts }) => {
      const pods = await facts.istiodPods();
      if (pods.length === 0) return skipped(REMOTE);
      const waiting = pods.filter((pod) => !isReady(pod));
      if (waiting.length === 0) return ok();
      const text = nameSome(waiting.map((pod) => `${pod.metadata.name} (${whyNot(pod)})`));
      return waiting.length === pods.length ? failure(text) : warning(text);
    },
  },
  {
    id: 'istiod-answers',
    group: 'control-plane',
    text: 'istiod tells its state',
    why: 'The state of proxies and of other clusters is asked of it.',
    remedy: 'You need to be allowed to forward ports to its pods; read their log.',
    when: 'post',
    run: async ({ facts }) => {
      if (await facts.isRemote()) return skipped(REMOTE);
      return ok(`${(await facts.proxies()).length} proxies are connected`);
    },
  },
  {
    id: 'injection-webhook',
    group: 'webhooks',
    text: 'pods get their proxy by a webhook that the API server can trust',
    why: 'Without it new pods are outside of the mesh, or are refused.',
    remedy: 'Run `istioctl install`; istiod writes its root into the webhook once it is ready.',
    when: 'post',
    run: (context) => judgeWebhooks(context, 'mutatingwebhookconfigurations', /^istio-(sidecar-injector|revision-tag)/),
  },
  {
    id: 'validation-webhook',
    group: 'webhooks',
    text: 'rules are checked by a webhook that the API server can trust',
    why: 'Without it a broken rule is stored, and told of only afterwards.',
    remedy: 'Run `istioctl install`; istiod writes its root into the webhook once it is ready.',
    when: 'post',
    run: (context) => judgeWebhooks(context, 'validatingwebhookconfigurations', /^istio-validator/),
  },
  {
    id: 'root-certificate',
    group: 'certificates',
    text: 'the root certificate is valid for a while',
    why: 'When it ends, no proxy believes another one.',
    remedy:
      'istiod writes it (see its log). A root lives ten years and is changed by you: put a new one into the Secret (docs/guides/operations.md).',
    when: 'post',
    run: async ({ cluster, facts, now }) => {
      const path = { apiVersion: 'v1', resource: 'configmaps', namespace: cluster.istioNamespace, name: ROOTS };
      const found = await facts.read(resourcePath(path));
      if (!found) return failure(`there is no ConfigMap ${ROOTS} in ${cluster.istioNamespace}`);
      return judgeCertificates(textAt(found, 'data', 'root-cert.pem'), now());
    },
  },
  {
    id: 'roots-in-namespaces',
    group: 'certificates',
    text: 'every namespace has the roots that proxies need to start',
    why: 'A pod whose namespace has none does not start: its volume is missing.',
    remedy: 'istiod writes them; see its log for what it may not do.',
    when: 'post',
    run: async ({ facts }) => {
      const found = await facts.list('/api/v1/configmaps', { fieldSelector: `metadata.name=${ROOTS}` });
      const having = new Set(found.map(({ metadata }) => metadata.namespace));
      const active = (await facts.namespaces()).filter((each) => textAt(each, 'status', 'phase') !== 'Terminating');
      const missing = active
        .map(({ metadata }) => metadata.name)
        .filter((name) => !having.has(name) && !SYSTEM_NAMESPACES.includes(name));
      return missing.length === 0 ? ok(`${having.size} namespaces`) : failure(`not in ${nameSome(missing)}`);
    },
  },
];

/** What its containers wait for. */
export function whyNot(pod: KubernetesObject): string {
  const statuses = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')];
  const reason = statuses.map((status) => textAt(status, 'state', 'waiting', 'reason')).find((each) => each !== '');
  const unscheduled = listAt(pod, 'status', 'conditions').find(
    (condition) => textAt(condition, 'type') === 'PodScheduled' && textAt(condition, 'status') === 'False',
  );
  return (reason ?? textAt(unscheduled, 'message')) || textAt(pod, 'status', 'phase') || 'unknown';
}

async function judgeWebhooks({ cluster, facts, now }: CheckContext, resource: string, name: RegExp): Promise<Verdict> {
  const configurations = (await facts.list(`${ADMISSION}/${resource}`)).filter(({ metadata }) =>
    name.test(metadata.name),
  );
  const own = configurations.filter((each) =>
    listAt(each, 'webhooks').some((hook) => {
      const namespace = textAt(hook, 'clientConfig', 'service', 'namespace');
      return namespace === '' || namespace === cluster.istioNamespace;
    }),
  );
  if (own.length === 0) return failure(`there is none of istiod in ${cluster.istioNamespace}`);
  for (const configuration of own) {
    for (const hook of listAt(configuration, 'webhooks')) {
      const bundle = Buffer.from(textAt(hook, 'clientConfig', 'caBundle'), 'base64').toString('utf8');
      const verdict = bundle === '' ? failure('it has no root yet') : judgeCertificates(bundle, now());
      const where = `${configuration.metadata.name}/${textAt(hook, 'name')}`;
      if (verdict.kind === 'failure' || verdict.kind === 'warning') {
        return { ...verdict, problem: `${where}: ${verdict.problem}` };
      }
    }
  }
  return ok(nameSome(own.map(({ metadata }) => metadata.name)));
}
