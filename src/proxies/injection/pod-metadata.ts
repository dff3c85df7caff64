import { type Pod, PROXY_CONTAINER, type Texts } from './pod.ts';
import { STATS_PORT } from './redirect-rules.ts';
import type { InjectionSettings } from './settings.ts';

const CANONICAL_NAME = 'service.istio.io/canonical-name';
const CANONICAL_REVISION = 'service.istio.io/canonical-revision';

export interface LabelFacts {
  readonly workload: string;
  readonly network: string;
  readonly kind: 'sidecar' | 'gateway';
}

/** Istio's labels: what the pod is called in metrics, its network, and, for callers, that it takes mutual TLS. */
export function labelled(pod: Pod, { workload, network, kind }: LabelFacts): Pod {
  const given = pod.metadata.labels ?? {};
  const first = (...keys: readonly string[]): string | undefined => keys.map((key) => given[key]).find((text) => text);
  const labels: Texts = {
    ...(kind === 'sidecar' ? { 'security.istio.io/tlsMode': 'istio' } : {}),
    [CANONICAL_NAME]: first('app.kubernetes.io/name', 'app') ?? labelValue(workload),
    [CANONICAL_REVISION]: first('app.kubernetes.io/version', 'version') ?? 'latest',
    ...(isLabelValue(network) ? { 'topology.istio.io/network': network } : {}),
    ...given,
  };
  return { ...pod, metadata: { ...pod.metadata, labels } };
}

/** Istio's annotations: for kubectl which container is the application, for Prometheus where the numbers are. */
export function annotated(pod: Pod, settings: InjectionSettings): Pod {
  const given = pod.metadata.annotations ?? {};
  const application = pod.spec.containers.find(({ name }) => name !== PROXY_CONTAINER)?.name;
  const isScraped = Object.keys(given).some((key) => key.startsWith('prometheus.io/'));
  const annotations: Texts = {
    'istio.io/rev': settings.revision || 'default',
    ...(application === undefined
      ? {}
      : {
          'kubectl.kubernetes.io/default-container': application,
          'kubectl.kubernetes.io/default-logs-container': application,
        }),
    // An application that is scraped itself stays so: nothing here could add the two up.
    ...(isScraped
      ? {}
      : {
          'prometheus.io/scrape': 'true',
          'prometheus.io/port': String(STATS_PORT),
          'prometheus.io/path': '/stats/prometheus',
        }),
    ...given,
    ...settings.injectedAnnotations,
  };
  return { ...pod, metadata: { ...pod.metadata, annotations } };
}

/** A label's value has at most 63 characters; a name may have more. */
function labelValue(name: string): string {
  return name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');
}

function isLabelValue(text: string): boolean {
  return /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$/.test(text);
}
