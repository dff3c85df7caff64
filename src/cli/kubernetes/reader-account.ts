import {
  applyObject,
  objectName,
  plainReaderAccess,
  type ReaderAccount,
  type ReaderToken,
} from '../../install/index.ts';
import { isNotFound, resourcePath } from '../../kubernetes-api/index.ts';
import { notFoundError } from '../cli-error.ts';
import { textAt } from '../objects/body.ts';
import type { KubernetesCluster } from './kubernetes-cluster.ts';

/** The API server gives no token for less. */
const SHORTEST_SECONDS = 600;

/**
 * Sees that the account is there, and makes it with what it may do where it is not.
 * @returns what was made, for the person.
 * @throws {CliError} where it is not there and is not to be made.
 */
export async function ensureAccount(
  { api, context }: KubernetesCluster,
  account: ReaderAccount,
  mayCreate: boolean,
): Promise<readonly string[]> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', ...account });
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
      `there is no service account ${account.namespace}/${account.name} in ${context}`,
      'The remote secret carries its token.',
      'Run `istioctl install` there first, or leave `--create-service-account=false` out.',
    );
  }
  const made: string[] = [];
  for (const object of plainReaderAccess(account)) {
    const { change } = await applyObject(api, object, { isDryRun: false });
    if (change === 'created') made.push(objectName(object));
  }
  return made;
}

/** A token that ends by itself (TokenRequest). The cluster may give less time than was asked for. */
export async function requestToken(
  { api, ca = '' }: KubernetesCluster,
  account: ReaderAccount,
  durationMs: number,
): Promise<ReaderToken> {
  const path = resourcePath({ apiVersion: 'v1', resource: 'serviceaccounts', ...account, subresource: 'token' });
  const answer = await api.send('POST', path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: Math.max(SHORTEST_SECONDS, Math.round(durationMs / 1_000)) },
  });
  return { token: textAt(answer, 'status', 'token'), ca };
}
