import type { ProxyKind } from '../network/pod-network.ts';

/** What decides whether a pod gets a proxy. */
export interface InjectionSubject {
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
}

const INJECT = 'sidecar.istio.io/inject';
const TEMPLATES = 'inject.istio.io/templates';

/**
 * Does Istio's injector put a proxy into this pod, and which? (Istio: "Installing the Sidecar", the table of the
 * injection's logic; "Installing Gateways".) The pod's label wins over the annotation, and both over the namespace,
 * except that `istio-injection: disabled` on a namespace cannot be undone by a pod.
 */
export function proxyKindOf(subject: InjectionSubject): ProxyKind {
  const { namespaceLabels, labels, annotations, hostNetwork } = subject;
  if (hostNetwork) return 'none';
  const ofNamespace = namespaceLabels['istio-injection'];
  if (ofNamespace === 'disabled') return 'none';
  const ofPod = labels[INJECT] ?? annotations[INJECT];
  const hasRevision = (namespaceLabels['istio.io/rev'] ?? '') !== '' || (labels['istio.io/rev'] ?? '') !== '';
  const isWanted = ofPod === undefined ? ofNamespace === 'enabled' || hasRevision : ofPod === 'true';
  if (!isWanted) return 'none';
  const templates = (annotations[TEMPLATES] ?? '').split(',').map((name) => name.trim());
  return templates.includes('gateway') ? 'gateway' : 'sidecar';
}
