import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type ApiServer, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { applyObject } from '../apply/apply-objects.ts';
import { installError } from '../install-error.ts';
import { READER_ACCOUNT } from '../objects/names.ts';
import { textAt } from '../plain.ts';

/** Istio's name for the token that other clusters read this one with. */
const TOKEN_SECRET = `${READER_ACCOUNT}-istio-remote-secret-token`;
const POLL_MS = 200;

/** A cluster that is to be read by another one's control plane. */
export interface RemoteCluster {
  readonly name: string;
  /** Of its API server, as the other cluster reaches it: `https://…`. */
  readonly server: string;
  /** PEM; that of the token's Secret unless given. */
  readonly ca: string | undefined;
}

export interface ReaderToken {
  readonly token: string;
  readonly ca: string;
}

/**
 * The token of the reader's account, in a Secret that Kubernetes fills and that can be taken back by deleting it.
 * @throws InstallError PEL8008 where Kubernetes does not fill it.
 */
export async function readerToken(api: ApiServer, namespace: string, timeoutMs: number): Promise<ReaderToken> {
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: TOKEN_SECRET,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'pelagos', 'install.operator.istio.io/owning-resource': 'base' },
      annotations: { 'kubernetes.io/service-account.name': READER_ACCOUNT },
    },
    type: 'kubernetes.io/service-account-token',
  };
  await applyObject(api, secret, { isDryRun: false });
  const path = resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace, name: TOKEN_SECRET });
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const live = await api.get(path);
    const token = decoded(live, 'token');
    if (token !== undefined) return { token, ca: decoded(live, 'ca.crt') ?? '' };
    if (Date.now() >= endMs) {
      throw installError('PEL8008', {
        object: `secret/${TOKEN_SECRET} in ${namespace}`,
        seconds: Math.round(timeoutMs / 1000),
        reason: 'Kubernetes put no token into it',
        remedy: 'Look whether kube-controller-manager runs: it makes the tokens of service accounts.',
      });
    }
    await delay(POLL_MS);
  }
}

function decoded(secret: KubernetesObject, key: string): string | undefined {
  const text = textAt(secret, 'data', key);
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8');
}

/** Istio's remote secret: applied in a primary, it makes its control plane read that cluster. */
export function remoteSecret(cluster: RemoteCluster, reader: ReaderToken, namespace: string): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: `istio-remote-secret-${cluster.name}`,
      namespace,
      labels: { 'istio/multiCluster': 'true' },
      annotations: { 'networking.istio.io/cluster': cluster.name },
    },
    type: 'Opaque',
    data: { [cluster.name]: Buffer.from(kubeconfig(cluster, reader)).toString('base64') },
  };
}

function kubeconfig({ name, server, ca }: RemoteCluster, reader: ReaderToken): string {
  const authority = Buffer.from(ca ?? reader.ca).toString('base64');
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { 'certificate-authority-data': authority, server } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
    preferences: {},
    users: [{ name, user: { token: reader.token } }],
  });
}

/** An address that means "this machine" to whoever reads it. */
export function isLoopback(server: string): boolean {
  const host = URL.canParse(server) ? new URL(server).hostname : server;
  return host === 'localhost' || host === '[::1]' || host.startsWith('127.') || host === '0.0.0.0';
}
