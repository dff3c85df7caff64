import { bootstrapWith } from '../bootstrap.ts';
import { socketAddress } from '../envoy-json.ts';
import type { XdsFiles } from '../xds-files.ts';
import type { AppProbe } from './app-probes.ts';
import { healthParts } from './health-listeners.ts';
import { ADMIN_PORT } from './redirect-rules.ts';
import type { InjectionSettings } from './settings.ts';

/** Where the volumes of {@link proxyVolumes} are mounted. */
export const TRUST_FOLDER = '/var/run/secrets/istio';
export const TOKEN_FOLDER = '/var/run/secrets/tokens';
export const TOKEN_FILE = '/var/run/secrets/tokens/istio-token';
export const ROOTS_FILE = '/var/run/secrets/istio/root-cert.pem';

/** The SDS resources come in the ConfigMap of the roots, for nothing in the pod could write them. */
const FILES: XdsFiles = {
  tokenSecretFile: `${TRUST_FOLDER}/token-secret.json`,
  trustSecretFile: `${TRUST_FOLDER}/trust-secret.json`,
};

const XDS_PORT = 15012;

/** What of a pod is known only when it runs: environment variables of its container, as Kubernetes writes them in arguments. */
export const POD_VARIABLES = {
  POD_NAME: 'metadata.name',
  POD_NAMESPACE: 'metadata.namespace',
  INSTANCE_IP: 'status.podIP',
  SERVICE_ACCOUNT: 'spec.serviceAccountName',
} as const;

export interface PodProxy {
  readonly kind: 'sidecar' | 'gateway';
  readonly workload: string;
  readonly network: string;
  readonly probes: readonly AppProbe[];
  readonly statsPrefixes: readonly string[];
}

/** The name of the control plane's Service; a revision has its own. */
export function controlPlaneHost({ revision, rootNamespace }: InjectionSettings): string {
  return `istiod${revision === '' ? '' : `-${revision}`}.${rootNamespace}.svc`;
}

/**
 * The whole configuration of a proxy in a pod, as one argument of its command. It holds `$(POD_NAME)` and the like, which the
 * kubelet replaces; the locality is the node's, which the control plane knows.
 */
export function formatPodBootstrap(proxy: PodProxy, settings: InjectionSettings): string {
  const host = controlPlaneHost(settings);
  const { listeners, clusters } = healthParts('$(INSTANCE_IP)', proxy.probes);
  const config = bootstrapWith(
    {
      kind: proxy.kind,
      cluster: settings.cluster,
      network: proxy.network,
      namespace: '$(POD_NAMESPACE)',
      pod: '$(POD_NAME)',
      address: '$(INSTANCE_IP)',
      workload: proxy.workload,
      serviceAccount: '$(SERVICE_ACCOUNT)',
      locality: { region: '', zone: '', subzone: '' },
      controlPlane: { address: host, port: XDS_PORT, serverName: host, files: FILES },
      statsPrefixes: proxy.statsPrefixes,
    },
    {
      admin: {
        address: socketAddress({ address: '127.0.0.1', port: ADMIN_PORT }),
        ignore_global_conn_limit: true,
      },
      listeners,
      clusters,
    },
  );
  return escapeExpansion(JSON.stringify(config));
}

/** Kubernetes reads `$$` as `$`, and `$(NAME)` as a variable; every `$` that is none of ours must be doubled. */
export function escapeExpansion(text: string): string {
  const ours = Object.keys(POD_VARIABLES).join('|');
  return text.replace(new RegExp(`\\$(?!\\((?:${ours})\\))`, 'g'), '$$$$');
}
