import { setTimeout as delay } from 'node:timers/promises';
import { stringify } from 'yaml';
import { type ApiServer, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { applyObject } from '../apply/apply-objects.ts';
import { installError } from '../install-error.ts';
import { READER_ACCOUNT } from '../objects/names.ts';
import { textAt } from '../plain.ts';

const POLL_MS = 200;

/** A cluster that is to be read by another one's control plane. */
export interface RemoteCluster {
  readonly name: string;
  /** Of its API server, as the other cluster reaches it: `https://…`. */
  readonly server: string;
  /** PEM; that of the token's Secret unless given. */
  readonly ca: string | undefined;
}

/** An account of the cluster that is read. */
export interface ReaderAccount {
  readonly name: string;
  readonly namespace: string;
}

/** The account that an installation makes for it. */
export function readerAccount(namespace: string): ReaderAccount {
  return { name: READER_ACCOUNT, namespace };
}

export interface ReaderToken {
  readonly token: string;
  readonly ca: string;
}

/**
 * The token of an account, in a Secret that Kubernetes fills and that can be taken back by deleting it.
 * @throws InstallError PEL8008 where Kubernetes does not fill it.
 */
export async function readerToken(
  api: ApiServer,
  { name: account, namespace }: ReaderAccount,
  timeoutMs: number,
): Promise<ReaderToken> {
  // Istio's name for it.
  const name = `${account}-istio-remote-secret-token`;
  const secret: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/managed-by': 'pelagos', 'install.operator.istio.io/owning-resource': 'base' },
      annotations: { 'kubernetes.io/service-account.name': account },
    },
    type: 'kubernetes.io/service-account-token',
  };
  await applyObject(api, secret, { isDryRun: false });
  const path = resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace, name });
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    const live = await api.get(path);
    const token = decoded(live, 'token');
    if (token !== undefined) return { token, ca: decoded(live, 'ca.crt') ?? '' };
    if (Date.now() >= endMs) {
      throw installError('PEL8008', {
        object: `secret/${name} in ${namespace}`,
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

/** `remote`: a control plane reads endpoints by it; `config`: all of its configuration (Istio: external control plane). */
export type RemoteSecretKind = 'remote' | 'config';

export interface RemoteSecretPlace {
  readonly namespace: string;
  /** `remote` unless given. */
  readonly kind?: RemoteSecretKind;
  /** `istio-remote-secret-<cluster>` or `istio-kubeconfig` unless given. */
  readonly name?: string | undefined;
}

/** Istio's remote secret: applied in a primary, it makes its control plane read that cluster. */
export function remoteSecret(
  cluster: RemoteCluster,
  reader: ReaderToken,
  { namespace, kind = 'remote', name }: RemoteSecretPlace,
): KubernetesObject {
  const isRemote = kind === 'remote';
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: name ?? (isRemote ? `istio-remote-secret-${cluster.name}` : 'istio-kubeconfig'),
      namespace,
      ...(isRemote ? { labels: { 'istio/multiCluster': 'true' } } : {}),
      annotations: { 'networking.istio.io/cluster': cluster.name },
    },
    type: 'Opaque',
    data: { [isRemote ? cluster.name : 'config']: Buffer.from(kubeconfig(cluster, reader)).toString('base64') },
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
