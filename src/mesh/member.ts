import type { ClusterId, NetworkId } from '../model/index.ts';

/** A cluster of the mesh, as one control plane knows it. */
export interface Member {
  readonly id: ClusterId;
  /** The network of its pods where neither the pod nor the namespace istio-system says another. */
  readonly network: NetworkId | '';
  /** Has its API server been out of reach for so long that what is known of it may be wrong? Left out: no. */
  readonly isStale?: boolean;
}
