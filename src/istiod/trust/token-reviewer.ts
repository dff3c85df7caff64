import { type ApiServer, resourcePath } from '../../kubernetes-api/index.ts';
import type { ClusterId } from '../../model/index.ts';
import { TOKEN_AUDIENCE } from '../../proxies/index.ts';
import { KubernetesTokenReviewer, type TokenReviewer, type TokenReviewStatus } from '../../security/index.ts';

/** A proxy waits this long for its first answer, twice at most. */
const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 256 * 1024;
const LIMITS = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_ANSWER_BYTES };

/**
 * Checks the tokens of one cluster's proxies, by its API server. The keys are read where every API server publishes them to
 * service accounts (role `system:service-account-issuer-discovery`); questions need the right to create `tokenreviews`.
 */
export function kubernetesTokenReviewer(
  api: ApiServer,
  of: { readonly cluster: ClusterId; readonly now: () => number; readonly audience?: string },
): TokenReviewer {
  const { cluster, now, audience = TOKEN_AUDIENCE } = of;
  return new KubernetesTokenReviewer({
    cluster,
    audience,
    now,
    ask: async (token) => {
      const path = resourcePath({ apiVersion: 'authentication.k8s.io/v1', resource: 'tokenreviews' });
      const body = {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token, audiences: [audience] },
      };
      const answer = await api.send<{ readonly status?: TokenReviewStatus }>('POST', path, body, LIMITS);
      return answer.status ?? {};
    },
    fetchKeys: async () => {
      const [discovery, jwks] = await Promise.all([
        api.get<{ readonly issuer?: unknown }>('/.well-known/openid-configuration', LIMITS),
        api.get<unknown>('/openid/v1/jwks', LIMITS),
      ]);
      return { issuer: typeof discovery.issuer === 'string' ? discovery.issuer : '', jwks };
    },
  });
}
