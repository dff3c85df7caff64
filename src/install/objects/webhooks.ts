import type { KubernetesObject } from '../../kubernetes-api/index.ts';
import { flagAt, type Plain, textAt } from '../plain.ts';
import { type InstallValues, revisionLabel } from '../values/install-values.ts';
import { ISTIO_GROUPS } from './istiod-access.ts';
import { ownershipLabels } from './labels.ts';
import { injectorName, istiodName, validatorName } from './names.ts';

const INJECTION = 'istio-injection';
const REVISION = 'istio.io/rev';
const INJECT = 'sidecar.istio.io/inject';

type Expression = Plain;
const has = (key: string, ...values: string[]): Expression => ({ key, operator: 'In', values });
const hasNot = (key: string, ...values: string[]): Expression => ({ key, operator: 'NotIn', values });
const absent = (key: string): Expression => ({ key, operator: 'DoesNotExist' });

/** One of the ways in which somebody says that a pod is to get a sidecar. */
interface Rule {
  readonly name: string;
  readonly namespace: readonly Expression[];
  readonly object: readonly Expression[];
}

/**
 * Istio's four rules: a revision is named by the namespace, or by the pod where the namespace says nothing; the control
 * plane without a name also takes `istio-injection=enabled` of the namespace, and pods that ask for a sidecar.
 */
function injectionRules(values: InstallValues): readonly Rule[] {
  const revision = revisionLabel(values);
  const notRefused = hasNot(INJECT, 'false');
  const byRevision: Rule[] = [
    {
      name: 'rev.namespace.sidecar-injector.istio.io',
      namespace: [has(REVISION, revision), absent(INJECTION)],
      object: [notRefused],
    },
    {
      name: 'rev.object.sidecar-injector.istio.io',
      namespace: [absent(REVISION), absent(INJECTION)],
      object: [notRefused, has(REVISION, revision)],
    },
  ];
  if (values.revision !== '') return byRevision;
  const byDefault: Rule[] = [
    { name: 'namespace.sidecar-injector.istio.io', namespace: [has(INJECTION, 'enabled')], object: [notRefused] },
    {
      name: 'object.sidecar-injector.istio.io',
      namespace: [absent(INJECTION), absent(REVISION)],
      object: [has(INJECT, 'true'), absent(REVISION)],
    },
  ];
  if (!flagAt(values.values, 'sidecarInjectorWebhook', 'enableNamespacesByDefault'))
    return [...byRevision, ...byDefault];
  const systems = ['kube-system', 'kube-public', 'kube-node-lease', 'local-path-storage', values.namespace];
  const auto: Rule = {
    name: 'auto.sidecar-injector.istio.io',
    namespace: [absent(INJECTION), absent(REVISION), hasNot('kubernetes.io/metadata.name', ...systems)],
    object: [absent(INJECT), absent(REVISION)],
  };
  return [...byRevision, ...byDefault, auto];
}

/** Puts Envoy into pods. Pods of namespaces that ask for it must not start without, so a failure stops them. */
export function injectorWebhook(values: InstallValues): KubernetesObject {
  const path = `/inject/cluster/${values.cluster}/net/${values.network}`;
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: {
      name: injectorName(values),
      labels: { app: 'sidecar-injector', ...ownershipLabels(values, 'Pilot') },
    },
    webhooks: injectionRules(values).map(({ name, namespace, object }) => ({
      name,
      admissionReviewVersions: ['v1'],
      clientConfig: clientConfig(values, path),
      failurePolicy: 'Fail',
      matchPolicy: 'Equivalent',
      namespaceSelector: { matchExpressions: namespace },
      objectSelector: { matchExpressions: object },
      reinvocationPolicy: textAt(values.values, 'sidecarInjectorWebhook', 'reinvocationPolicy') ?? 'Never',
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
      sideEffects: 'None',
      timeoutSeconds: 10,
    })),
  };
}

/**
 * Refuses broken objects while they are written. Open until the control plane is there: it puts its authority in and
 * turns the policy to Fail (as Istio's does), and keeps both from then on.
 */
export function validatorWebhook(values: InstallValues): readonly KubernetesObject[] {
  if (!flagAt(values.values, 'global', 'configValidation')) return [];
  const rules = [has(REVISION, revisionLabel(values))];
  const unnamed = [absent(REVISION)];
  const hooks = [
    { name: 'rev.validation.istio.io', object: rules },
    ...(values.revision === '' ? [{ name: 'validation.istio.io', object: unnamed }] : []),
  ];
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: {
        name: validatorName(values),
        labels: { app: 'istiod', istio: 'istiod', ...ownershipLabels(values, 'Pilot') },
      },
      webhooks: hooks.map(({ name, object }) => ({
        name,
        admissionReviewVersions: ['v1'],
        clientConfig: clientConfig(values, '/validate'),
        failurePolicy: 'Ignore',
        matchPolicy: 'Equivalent',
        objectSelector: { matchExpressions: object },
        rules: [
          {
            apiGroups: ISTIO_GROUPS,
            apiVersions: ['*'],
            operations: ['CREATE', 'UPDATE'],
            resources: ['*'],
            scope: '*',
          },
        ],
        sideEffects: 'None',
        timeoutSeconds: 10,
      })),
    },
  ];
}

/** Without `caBundle`: the control plane writes it, and it is not ours to take away again. */
function clientConfig(values: InstallValues, path: string): Plain {
  return { service: { name: istiodName(values), namespace: values.namespace, path, port: 443 } };
}
