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

/** @returns undefined where the text is no SPIFFE ID of Istio's path form. */
export function parseIdentity(text: string): Identity | undefined {
  const match = /^spiffe:\/\/([a-z0-9._-]{1,255})\/ns\/([A-Za-z0-9._-]+)\/sa\/([A-Za-z0-9._-]+)$/.exec(text);
  if (!match) return undefined;
  const [, trustDomain = '', namespace = '', serviceAccount = ''] = match;
  return { trustDomain, namespace, serviceAccount };
}
