/** The SPIFFE trust domain of every workload unless a mesh sets another (Istio's default). */
export const DEFAULT_TRUST_DOMAIN = 'cluster.local';

/** Who a workload is. Written as `spiffe://<trust domain>/ns/<namespace>/sa/<service account>` (Istio's SPIFFE path). */
export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** The SPIFFE ID (SPIFFE-ID specification, section 2) of an identity. */
export function formatIdentity(identity: Identity): string {
  return `spiffe://${identity.trustDomain}/ns/${identity.namespace}/sa/${identity.serviceAccount}`;
}
