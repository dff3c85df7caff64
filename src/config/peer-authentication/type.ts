import type { WorkloadSelector } from '../selection/type.ts';

/** UNSET takes the mode from the namespace, then the mesh, then PERMISSIVE. */
export type MtlsMode = 'UNSET' | 'DISABLE' | 'PERMISSIVE' | 'STRICT';

/** Must callers speak mTLS? (Istio: security.istio.io/v1 PeerAuthentication). */
export interface PeerAuthenticationSpec {
  /** Not given: the whole namespace; in the root namespace: the whole mesh. */
  readonly selector?: WorkloadSelector;
  readonly mtls?: { readonly mode?: MtlsMode };
  /** By the workload's port number; only with a selector. */
  readonly portLevelMtls?: Readonly<Record<string, { readonly mode?: MtlsMode }>>;
}
