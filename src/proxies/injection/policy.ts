import { selects } from './label-selector.ts';
import { type Pod, PROXY_CONTAINER, type Texts } from './pod.ts';
import type { InjectionSettings } from './settings.ts';

/** The namespace that a pod comes into. */
export interface InjectionNamespace {
  readonly name: string;
  /**
   * Given where nobody has looked at them before. Left out by the webhook, whose selectors have, and by a person who
   * asks for injection.
   */
  readonly labels?: Texts;
}

export type InjectionDecision =
  | { readonly kind: 'inject' }
  /** @property reason a sentence for a person. */
  | { readonly kind: 'skip'; readonly reason: string };

/** Namespaces of Kubernetes itself; a pod there must never wait for a mesh (Istio's list). */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'local-path-storage',
];

export const INJECT_LABEL = 'sidecar.istio.io/inject';
export const STATUS_ANNOTATION = 'sidecar.istio.io/status';
const NAMESPACE_LABEL = 'istio-injection';
const REVISION_LABEL = 'istio.io/rev';

/**
 * Who gets a proxy: Istio's rules, in its order (hostNetwork, system namespaces, the pod's own word, never- and
 * always-selectors, the namespace and the revision).
 */
export function decideInjection(
  pod: Pod,
  namespace: InjectionNamespace,
  settings: InjectionSettings,
): InjectionDecision {
  const { labels = {}, annotations = {} } = pod.metadata;
  if (pod.spec.hostNetwork)
    return skip('it uses the network of its node (hostNetwork), whose traffic is not redirected');
  if (SYSTEM_NAMESPACES.includes(namespace.name)) return skip(`${namespace.name} is a namespace of Kubernetes itself`);
  if (isInjected(pod)) return skip('it has its proxy already');
  const word = wordOf(labels[INJECT_LABEL] ?? annotations[INJECT_LABEL]);
  if (word === 'no') return skip(`${INJECT_LABEL} says so`);
  const byRevision = namespace.labels ? decideByRevision(labels, namespace.labels, settings) : undefined;
  if (byRevision?.kind === 'skip' && byRevision.final) return skip(byRevision.reason);
  if (word === 'yes') return { kind: 'inject' };
  if (settings.neverInject.some((selector) => selects(selector, labels))) {
    return skip('its labels match sidecarInjectorWebhook.neverInjectSelector');
  }
  if (settings.alwaysInject.some((selector) => selects(selector, labels))) return { kind: 'inject' };
  if (byRevision?.kind === 'skip') return skip(byRevision.reason);
  if (!settings.autoInject) return skip(`global.proxy.autoInject is disabled and the pod has no ${INJECT_LABEL}`);
  return { kind: 'inject' };
}

type RevisionDecision =
  | { readonly kind: 'inject' }
  /** @property final whatever the pod says. */
  | { readonly kind: 'skip'; readonly reason: string; readonly final: boolean };

/** The label `istio-injection` of a namespace goes before its `istio.io/rev`, and that before the pod's. */
function decideByRevision(pod: Texts, namespace: Texts, settings: InjectionSettings): RevisionDecision {
  const enabled = namespace[NAMESPACE_LABEL];
  if (enabled === 'disabled')
    return { kind: 'skip', reason: `its namespace has ${NAMESPACE_LABEL}=disabled`, final: true };
  const asked = enabled === 'enabled' ? 'default' : (namespace[REVISION_LABEL] ?? pod[REVISION_LABEL]);
  if (asked !== undefined) {
    const own = [settings.revision || 'default', ...settings.revisionTags];
    if (own.includes(asked)) return { kind: 'inject' };
    return { kind: 'skip', reason: `it belongs to the revision ${asked}, this is ${own[0]}`, final: true };
  }
  if (settings.enableNamespacesByDefault) return { kind: 'inject' };
  const reason = `its namespace has no label ${NAMESPACE_LABEL} or ${REVISION_LABEL}`;
  return { kind: 'skip', reason, final: (settings.revision || 'default') !== 'default' };
}

function isInjected(pod: Pod): boolean {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return (
    pod.metadata.annotations?.[STATUS_ANNOTATION] !== undefined &&
    containers.some(({ name }) => name === PROXY_CONTAINER)
  );
}

/** YAML's words for yes; any other text means no (Istio). */
function wordOf(text: string | undefined): 'yes' | 'no' | 'nothing' {
  if (text === undefined || text === '') return 'nothing';
  return ['y', 'yes', 'true', 'on'].includes(text.toLowerCase()) ? 'yes' : 'no';
}

function skip(reason: string): InjectionDecision {
  return { kind: 'skip', reason };
}
