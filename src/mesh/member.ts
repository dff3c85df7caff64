import type { ClusterId, NetworkId } from '../model/index.ts';

/**
 * Whether a member can be asked. stale: not for a while, so that what is known of it may be wrong and others are
 * preferred. lost: for so long that nothing is sent there any more.
 */
export type Contact = 'live' | 'stale' | 'lost';

/** A cluster of the mesh, as one control plane knows it. */
export interface Member {
  readonly id: ClusterId;
  /** The network of its pods where neither the pod nor the namespace istio-system says another. */
  readonly network: NetworkId | '';
  /** Left out: live. */
  readonly contact?: Contact;
}
