/** What API servers ask webhooks (admission.k8s.io/v1), read without trust in its shape. Pure. */

export type ReadAdmission =
  | { readonly kind: 'request'; readonly request: unknown; readonly uid: string }
  /** What came is no review: the answer is HTTP 400 with this text. */
  | { readonly kind: 'malformed'; readonly problem: string };

/** @param review the body of the request, parsed. */
export function readAdmission(review: unknown): ReadAdmission {
  const request = fieldOf(review, 'request');
  const uid = fieldOf(request, 'uid');
  if (fieldOf(review, 'kind') !== 'AdmissionReview' || typeof uid !== 'string' || uid === '') {
    return { kind: 'malformed', problem: 'It is no AdmissionReview with a request.' };
  }
  if (fieldOf(review, 'apiVersion') !== 'admission.k8s.io/v1') {
    return { kind: 'malformed', problem: 'Only admission.k8s.io/v1 is understood.' };
  }
  return { kind: 'request', request, uid };
}

/** A field of what should be a map; undefined where it is none. */
export function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[field] : undefined;
}
