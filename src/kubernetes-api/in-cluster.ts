import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiError } from './api-error.ts';
import type { ApiServer } from './api-server.ts';
import { createApiServer } from './http-api-server.ts';

/** Where Kubernetes puts a pod's service account. */
const FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';
/** The kubelet rotates the token long before it ends; client-go reads it once a minute too. */
const TOKEN_AGE_MS = 60_000;

/** The API server of the cluster that this process is a pod of, as its service account. @throws ApiError outside of a pod. */
export async function connectFromPod(env: Readonly<Record<string, string | undefined>>): Promise<ApiServer> {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (!host) {
    throw new ApiError('this is no pod: $KUBERNETES_SERVICE_HOST is not set', { status: 0, reason: 'NotInCluster' });
  }
  const ca = await readFile(join(FOLDER, 'ca.crt'), 'utf8');
  let token: { readonly text: string; readonly readAtMs: number } | undefined;
  return createApiServer({
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: { ca },
    token: async () => {
      if (!token || Date.now() - token.readAtMs > TOKEN_AGE_MS) {
        token = { text: (await readFile(join(FOLDER, 'token'), 'utf8')).trim(), readAtMs: Date.now() };
      }
      return token.text;
    },
  });
}
