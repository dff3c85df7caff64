/** The Secret by which istiod of another cluster reads this one, in Istio's form. Pure. */

/** What a kubeconfig for one cluster needs. */
export interface RemoteAccess {
  /** The cluster's name in the mesh. */
  readonly cluster: string;
  /** `https://…`, as the other cluster reaches it. */
  readonly server: string;
  /** PEM. */
  readonly ca: string;
  readonly token: string;
}

/** `remote`: istiod of another cluster reads this one. `config`: istiod reads its configuration from here. */
export type SecretType = 'remote' | 'config';

export interface RemoteSecretSpec extends RemoteAccess {
  readonly type: SecretType;
  readonly namespace: string;
  /** `istio-remote-secret-<cluster>` (or `istio-kubeconfig`) unless given. */
  readonly secretName: string | undefined;
}

const PREFIX = 'istio-remote-secret-';
const CONFIG_SECRET = 'istio-kubeconfig';

/** As istioctl writes it, with the kubeconfig as text so that it can be read. */
export function remoteSecret(spec: RemoteSecretSpec): Readonly<Record<string, unknown>> {
  const { type, cluster, namespace, secretName } = spec;
  const isRemote = type === 'remote';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      annotations: { 'networking.istio.io/cluster': cluster },
      ...(isRemote ? { labels: { 'istio/multiCluster': 'true' } } : {}),
      name: secretName ?? (isRemote ? PREFIX + cluster : CONFIG_SECRET),
      namespace,
    },
    stringData: { [isRemote ? cluster : 'config']: kubeconfigOf(spec) },
  };
}

/** JSON is YAML, and every text is quoted as it must be; two blanks make it readable. */
function kubeconfigOf({ cluster, server, ca, token }: RemoteAccess): string {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': cluster,
    clusters: [
      { name: cluster, cluster: { server, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    contexts: [{ name: cluster, context: { cluster, user: cluster } }],
    users: [{ name: cluster, user: { token } }],
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Is this a name that can be the last part of host names, as clusters' names must be? */
export function isClusterName(name: string): boolean {
  return /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name);
}

/** An address that means another machine to everybody else. */
export function isLoopback(server: string): boolean {
  const { hostname } = new URL(server);
  return hostname === 'localhost' || /^127\./.test(hostname) || hostname === '[::1]' || hostname === '0.0.0.0';
}
