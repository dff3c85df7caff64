import type { ClusterId } from '../model/index.ts';
import type { TokenReviewer } from '../security/index.ts';
import type { Admission, Admit, NodeInfo, ResourceFeed } from '../xds/index.ts';
import { GATEWAY_BINDS_METADATA, INTERCEPTION_METADATA } from './proxy-scope.ts';
import type { ConnectedProxy, ProxyScopes } from './proxy-scopes.ts';

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]+)$/;

/** Who is let in: the bearer of a token for a pod that the registry knows. The token decides, never the Node's claims. */
export function admission(options: {
  readonly scopes: ProxyScopes;
  /** The clusters whose proxies are served here, with who can check their tokens. */
  readonly reviewers: ReadonlyMap<ClusterId, TokenReviewer>;
  readonly feed: (proxy: ConnectedProxy) => ResourceFeed;
}): Admit {
  const { scopes, reviewers } = options;
  return async ({ authorization, node }): Promise<Admission> => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (!token) return refused('no bearer token was sent with the stream; the proxy needs its service account token');
    const cluster = String(node.metadata['CLUSTER_ID'] ?? '') as ClusterId;
    const reviewer = reviewers.get(cluster);
    if (!reviewer) return refused(`cluster ${JSON.stringify(cluster)} is not served by this control plane`);
    const review = await reviewer.review(token);
    if (review.kind !== 'authenticated') return refused(review.message);
    const { namespace, serviceAccount, expiresAt: expiresAtMs } = review;
    const pod = review.pod.name;
    const proxy = { cluster, namespace, pod, podUid: review.pod.uid, serviceAccount, node: relevantNode(node) };
    if (!scopes.get(proxy)) {
      return refused(
        `pod ${namespace}/${pod} with service account ${serviceAccount} is not known in cluster ${cluster}`,
      );
    }
    return { kind: 'admitted', feed: options.feed(proxy), namespace, pod, cluster, expiresAtMs };
  };
}

/** Of a Node only what can change an answer: the rest would keep equal proxies apart. */
function relevantNode({ id, locality, metadata }: NodeInfo): ConnectedProxy['node'] {
  const keys = [INTERCEPTION_METADATA, GATEWAY_BINDS_METADATA];
  return { id, locality, metadata: Object.fromEntries(keys.map((key) => [key, metadata[key]])) };
}

function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
