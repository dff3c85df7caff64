import { decideInjection, injectionSettings } from '../../proxies/index.ts';
import type { ProxyKind } from '../network/pod-network.ts';

/** What decides whether a pod gets a proxy. */
export interface InjectionSubject {
  readonly namespace: string;
  readonly namespaceLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly hostNetwork: boolean;
}

const REVISION = 'istio.io/rev';
const TEMPLATES = 'inject.istio.io/templates';
const SETTINGS = injectionSettings({ values: {} });

/** By the same rules as on Kubernetes; a fleet has one revision, so that whichever is named is that one. */
export function proxyKindOf(subject: InjectionSubject): ProxyKind {
  const { namespace, namespaceLabels, labels, annotations, hostNetwork } = subject;
  const decision = decideInjection(
    { metadata: { labels, annotations }, spec: { containers: [], hostNetwork } },
    { name: namespace, labels: namespaceLabels },
    { ...SETTINGS, revisionTags: [namespaceLabels[REVISION] ?? '', labels[REVISION] ?? ''] },
  );
  if (decision.kind === 'skip') return 'none';
  const templates = (annotations[TEMPLATES] ?? '').split(',').map((name) => name.trim());
  return templates.includes('gateway') ? 'gateway' : 'sidecar';
}
