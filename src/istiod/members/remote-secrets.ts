import type { Logger } from 'pino';
import { type ApiServer, FollowedList } from '../../kubernetes-api/index.ts';
import type { RemoteSecrets } from './remote-clusters.ts';

/** Istio's label on Secrets that hold the kubeconfig of another cluster of the mesh. */
export const REMOTE_SECRET_LABEL = 'istio/multiCluster';

/** Follows the remote secrets of a namespace; not waited for. @returns how to end it. */
export function followRemoteSecrets(
  api: ApiServer,
  of: { readonly namespace: string; readonly log: Logger },
  onChange: (secrets: RemoteSecrets) => void,
): () => Promise<void> {
  const list = new FollowedList(
    api,
    {
      apiVersion: 'v1',
      resource: 'secrets',
      namespace: of.namespace,
      labelSelector: `${REMOTE_SECRET_LABEL}=true`,
    },
    {
      keep: ({ data }) => decoded(data),
      onChange,
      onFailure: (reason) => of.log.warn({ reason }, 'the remote secrets cannot be read'),
    },
  );
  void list.start();
  return () => list.stop();
}

function decoded(data: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries((data ?? {}) as Readonly<Record<string, unknown>>);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, Buffer.from(String(value), 'base64').toString('utf8')]),
  );
}
