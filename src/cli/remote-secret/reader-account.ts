import { setTimeout as sleep } from 'node:timers/promises';
import { diagnose } from '../../diagnostics/index.ts';
import { isNotFound, type KubernetesObject, resourcePath } from '../../kubernetes-api/index.ts';
import { diagnosedError, notFoundError } from '../cli-error.ts';
import type { KubernetesCluster } from '../kubernetes/kubernetes-cluster.ts';
import { textAt } from '../objects/body.ts';

/** The owner of what is made here: the installer, which may have made it already, and may change it later. */
const FIELD_MANAGER = 'pelagos-install';
const POLL_MS = 250;

const READ = ['get', 'list', 'watch'];
/** What is read of another cluster; an installation of it gives the account more where it serves its proxies. */
const RULES = [
  { apiGroups: [''], resources: ['endpoints', 'namespaces', 'nodes', 'pods', 'services'], verbs: READ },
  { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: READ },
  { apiGroups: ['networking.k8s.io'], resources: ['networkpolicies'], verbs: READ },
  { apiGroups: ['multicluster.x-k8s.io'], resources: ['serviceexports', 'serviceimports'], verbs: READ },
  {
    apiGroups: ['extensions.istio.io', 'networking.istio.io', 'security.istio.io', 'telemetry.istio.io'],
    resources: ['*'],
    verbs: READ,
  },
  { apiGroups: ['apiextensions.k8s.io'], resources: ['customresourcedefinitions'], verbs: READ },
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['istio-ca-root-cert'], verbs: READ },
  { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
];

/** An account of the cluster, and where its token comes from. */
export interface ReaderAccount {
  readonly name: string;
  readonly namespace: string;
}

/** Who one is to the cluster, and who signed its API server. */
export interface AccountToken {
  readonly token: string;
  /** PEM; undefined where the cluster did not say. */
  readonly ca: string | undefined;
}

/**
 * Sees that the account is there, and makes it with what it may do where it is not.
 * @returns what was made, for the person.
 * @throws {CliError} where it is not there and is not to be made.
 */
export async function ensureAccount(
  { api, context }: KubernetesCluster,
  { name, namespace }: ReaderAccount,
  mayCreate: boolean,
): Promise<readonly string[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', namespace, name });
  const isThere = await api.get(path).then(
    () => true,
    (error: unknown) => {
      if (isNotFound(error)) return false;
      throw error;
    },
  );
  if (isThere) return [];
  if (!mayCreate) {
    throw notFoundError(
      `there is no service account ${namespace}/${name} in ${context}`,
      'The remote secret carries its token.',
      'Run `istioctl install` there first, or leave `--create-service-account=false` out.',
    );
  }
  const apply = async (object: KubernetesObject, where: string): Promise<void> => {
    const options = {
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: FIELD_MANAGER, force: true },
    };
    await api.send('PATCH', where, object, options);
  };
  const labels = { app: 'istio-reader' };
  const role = `istio-reader-clusterrole-${namespace}`;
  const rbac = 'rbac.authorization.k8s.io';
  await apply(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    `/api/v1/namespaces/${namespace}`,
  );
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } }, path);
  await apply(
    { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: role, labels }, rules: RULES },
    resourcePath({ apiVersion: `${rbac}/v1`, resource: 'clusterroles', name: role }),
  );
  await apply(
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: role, labels },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
    resourcePath({ apiVersion: `${rbac}/v1`, resource: 'clusterrolebindings', name: role }),
  );
  return [`serviceaccount/${name}`, `clusterrole/${role}`, `clusterrolebinding/${role}`];
}

/** A token that ends by itself (TokenRequest). The cluster may give less time than was asked for. */
export async function requestToken(
  { api, ca }: KubernetesCluster,
  { name, namespace }: ReaderAccount,
  durationMs: number,
): Promise<AccountToken> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', namespace, name, subresource: 'token' });
  const answer = await api.send('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: Math.max(600, Math.round(durationMs / 1_000)) },
  });
  return { token: textAt(answer, 'status', 'token'), ca };
}

/**
 * The token of a Secret of the account, which lives until the Secret is deleted; made where there is none, as Istio does.
 * @throws {CliError} PEL7111 where the cluster's controller fills none in.
 */
export async function secretToken(
  { api }: KubernetesCluster,
  { name, namespace }: ReaderAccount,
  timeoutMs: number,
): Promise<AccountToken> {
  const secret = `${name}-istio-remote-secret-token`;
  const secrets = resourcePath({ apiVersion: 'v1', resource: 'secrets', namespace });
  const path = `${secrets}/${encodeURIComponent(secret)}`;
  const metadata = { name: secret, namespace, annotations: { 'kubernetes.io/service-account.name': name } };
  const object = { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/service-account-token' };
  const endMs = Date.now() + timeoutMs;
  for (let isMade = false; ; ) {
    const found = await api.get(path).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    const decode = (key: string): string => Buffer.from(textAt(found, 'data', key), 'base64').toString('utf8');
    if (found && decode('token') !== '') return { token: decode('token'), ca: decode('ca.crt') || undefined };
    if (!found && !isMade) {
      await api.send('POST', secrets, object);
      isMade = true;
    }
    if (Date.now() > endMs) {
      const seconds = Math.round(timeoutMs / 1_000);
      throw diagnosedError(diagnose('PEL7111', { secret: `${namespace}/${secret}`, seconds }));
    }
    await sleep(POLL_MS);
  }
}
