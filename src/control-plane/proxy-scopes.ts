import { type Query, structuralEqual } from '../graph/index.ts';
import type { Mesh } from '../mesh/index.ts';
import { type ClusterId, formatLocality, type ProxyScope } from '../model/index.ts';
import type { NodeInfo } from '../xds/index.ts';
import { proxyScope } from './proxy-scope.ts';

/** Which proxy it is: what its token proved, and what its Node says of itself. */
export interface ConnectedProxy {
  readonly cluster: ClusterId;
  readonly namespace: string;
  readonly pod: string;
  /** Of the pod that the token is bound to: another pod may have its name since. */
  readonly podUid: string;
  readonly serviceAccount: string;
  readonly node: Pick<NodeInfo, 'id' | 'locality' | 'metadata'>;
}

/** The scopes of connected proxies as live values: they follow the labels of their pods and the network they are in. */
export class ProxyScopes {
  private readonly mesh: Mesh;
  private readonly scopes: Query<ProxyScope | undefined>;

  constructor(mesh: Mesh) {
    this.mesh = mesh;
    this.scopes = mesh.graph.query('proxy scope', (key) => this.compute(JSON.parse(key) as ConnectedProxy), {
      equal: structuralEqual,
    });
  }

  /** @returns undefined where there is no such pod (any more), it is another of that name, or runs under another account. */
  get(proxy: ConnectedProxy): ProxyScope | undefined {
    return this.scopes.get(JSON.stringify(proxy));
  }

  watch(proxy: ConnectedProxy, onChange: (scope: ProxyScope | undefined) => void): () => void {
    return this.mesh.graph.watch(this.scopes, JSON.stringify(proxy), onChange);
  }

  private compute(proxy: ConnectedProxy): ProxyScope | undefined {
    const { cluster, namespace, serviceAccount, node } = proxy;
    const pod = this.mesh.pod(cluster, namespace, proxy.pod);
    if (!pod || (pod.spec.serviceAccountName ?? 'default') !== serviceAccount) return undefined;
    // Files give no uids; there the token's issuer is the same process as the registry.
    if (pod.meta.uid !== undefined && pod.meta.uid !== proxy.podUid) return undefined;
    return proxyScope({
      pod,
      cluster,
      network: this.mesh.endpoints.networkOfPod(pod),
      // Envoy in a pod does not know where its node is: what the node's labels say holds then.
      locality: formatLocality(node.locality) === '' ? this.mesh.endpoints.localityOfPod(pod) : node.locality,
      serviceAccount,
      trustDomain: this.mesh.config.trustDomain,
      nodeId: node.id,
      metadata: node.metadata,
    });
  }
}
