import type { Mesh } from '../mesh/index.ts';
import type { ClusterId, ProxyScope } from '../model/index.ts';
import type { TokenReviewer } from '../security/index.ts';
import type { Admission, Admit, NodeInfo, ResourceFeed } from '../xds/index.ts';
import { proxyScope } from './proxy-scope.ts';

const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]+)$/;

/** Who is let in: the bearer of a token for a pod that the registry knows. The token decides, never the Node's claims. */
export function admission(options: {
  readonly mesh: Mesh;
  /** The clusters whose proxies are served here, with who can check their tokens. */
  readonly reviewers: ReadonlyMap<ClusterId, TokenReviewer>;
  readonly feed: (proxy: ProxyScope) => ResourceFeed;
}): Admit {
  const { mesh, reviewers } = options;
  return async ({ authorization, node }): Promise<Admission> => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (!token) return refused('no bearer token was sent with the stream; the proxy needs its service account token');
    const claimed = String(node.metadata['CLUSTER_ID'] ?? '') as ClusterId;
    const reviewer = reviewers.get(claimed);
    if (!reviewer) return refused(`cluster ${JSON.stringify(claimed)} is not served by this control plane`);
    const review = await reviewer.review(token);
    if (review.kind !== 'authenticated') return refused(review.message);
    const pod = mesh.pod(claimed, review.namespace, review.pod.name);
    if (!pod) return refused(`pod ${review.namespace}/${review.pod.name} is not known in cluster ${claimed}`);
    const proxy = scopeOf(mesh, { node, cluster: claimed, pod, serviceAccount: review.serviceAccount });
    return {
      kind: 'admitted',
      feed: options.feed(proxy),
      namespace: review.namespace,
      pod: review.pod.name,
      cluster: claimed,
    };
  };
}

function scopeOf(
  mesh: Mesh,
  of: {
    readonly node: NodeInfo;
    readonly cluster: ClusterId;
    readonly pod: NonNullable<ReturnType<Mesh['pod']>>;
    readonly serviceAccount: string;
  },
): ProxyScope {
  const { node, cluster, pod, serviceAccount } = of;
  return proxyScope({
    pod,
    cluster,
    network: mesh.endpoints.networkOfPod(pod),
    locality: node.locality,
    serviceAccount,
    trustDomain: mesh.config.trustDomain,
    nodeId: node.id,
    metadata: node.metadata,
  });
}

function refused(reason: string): Admission {
  return { kind: 'refused', reason };
}
