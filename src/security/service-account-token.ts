/** What a projected service account token says, and what came of looking at one. Pure. */
import { SecurityError } from './security-error.ts';

/** Kubernetes' own tokens have about 1 KiB. Anything longer than this is refused unread. */
export const MAX_TOKEN_BYTES = 16_384;
/** A stolen token is good until it runs out. Istio asks Kubernetes for 12 hours; a day is our limit. */
export const MAX_TOKEN_TTL_MS: number = 24 * 3_600_000;

/** The name and uid of an object that a token is bound to. */
export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** Who a token speaks for: a service account, in a pod. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceAccount: BoundObject;
  readonly pod: BoundObject;
}

/** Why a token was not taken. None of them quotes the token. */
export type TokenRefusal =
  | 'too-large'
  | 'malformed'
  | 'bad-signature'
  | 'wrong-issuer'
  | 'wrong-audience'
  | 'expired'
  | 'not-yet-valid'
  /** The API server says no, and the token itself does not tell why (its pod or its account is gone). */
  | 'refused'
  /** Nobody could be asked (a Kubernetes API server that does not answer): try again, the token may be good. */
  | 'unavailable';

/** What came of a token. `message` is for people: what is wrong and what to do. */
export type ReviewResult =
  | {
      readonly kind: 'authenticated';
      /** The member cluster whose issuer signed it. */
      readonly cluster: string;
      readonly namespace: string;
      readonly serviceAccount: string;
      readonly pod: BoundObject;
      /** Milliseconds since the epoch: from then on a stream that came with it needs a new one. */
      readonly expiresAt: number;
    }
  | { readonly kind: TokenRefusal; readonly message: string };

/** Says whom a token speaks for: by its signature here, or by Kubernetes' TokenReview. Never rejects. */
export interface TokenReviewer {
  review(token: string): Promise<ReviewResult>;
}

/** The claims that Kubernetes puts into a bound service account token, beside the registered ones (RFC 7519). */
export interface ServiceAccountClaims {
  readonly sub: string;
  readonly 'kubernetes.io': {
    readonly namespace: string;
    readonly serviceaccount: BoundObject;
    readonly pod: BoundObject;
  };
}

/** RFC 1123, as Kubernetes names namespaces (label) and service accounts and pods (subdomain). */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const UID = /^[A-Za-z0-9-]{1,128}$/;

/**
 * The claims for a subject.
 * @throws SecurityError `token-request-invalid` where a name or uid is none.
 */
export function formatServiceAccountClaims(subject: TokenSubject): ServiceAccountClaims {
  const { namespace, serviceAccount, pod } = subject;
  const claims: ServiceAccountClaims = {
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    'kubernetes.io': {
      namespace,
      serviceaccount: { name: serviceAccount.name, uid: serviceAccount.uid },
      pod: { name: pod.name, uid: pod.uid },
    },
  };
  if (parseServiceAccountClaims({ ...claims })) return claims;
  throw new SecurityError('token-request-invalid', {
    what: `No token can be made for the pod ${JSON.stringify(pod.name)} of the service account ${JSON.stringify(serviceAccount.name)} in the namespace ${JSON.stringify(namespace)}.`,
    why: 'The names must be Kubernetes names (RFC 1123) and the uids letters, digits and dashes, or nobody will take the token.',
    remedy: 'Correct the names.',
  });
}

/** @returns undefined where claims are missing, are of the wrong type, are no names, or speak against each other. */
export function parseServiceAccountClaims(claims: Readonly<Record<string, unknown>>): TokenSubject | undefined {
  const kubernetes = recordOf(claims['kubernetes.io']);
  const namespace = kubernetes?.['namespace'];
  const serviceAccount = boundObjectOf(kubernetes?.['serviceaccount']);
  const pod = boundObjectOf(kubernetes?.['pod']);
  if (typeof namespace !== 'string' || !LABEL.test(namespace) || !serviceAccount || !pod) return undefined;
  if (claims['sub'] !== `system:serviceaccount:${namespace}:${serviceAccount.name}`) return undefined;
  return { namespace, serviceAccount, pod };
}

function boundObjectOf(value: unknown): BoundObject | undefined {
  const object = recordOf(value);
  const name = object?.['name'];
  const uid = object?.['uid'];
  if (typeof name !== 'string' || !SUBDOMAIN.test(name) || typeof uid !== 'string' || !UID.test(uid)) return undefined;
  return { name, uid };
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
}
