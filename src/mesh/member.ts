import type { ClusterId, NetworkId } from '../model/index.ts';

/** A cluster of the mesh, as one control plane knows it. */
export interface Member {
  readonly id: ClusterId;
  /** The network of its pods where neither the pod nor the namespace istio-system says another. */
  readonly network: NetworkId | '';
}
