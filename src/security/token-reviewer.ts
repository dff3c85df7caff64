import { decodeJwt, errors, jwtVerify } from 'jose';
import {
  MAX_TOKEN_BYTES,
  parseServiceAccountClaims,
  type ReviewResult,
  type TokenRefusal,
  type TokenReviewer,
} from './service-account-token.ts';
import type { TokenKey } from './token-issuer.ts';

/** How far the clocks of issuer and reviewer may be apart. */
export const TOKEN_CLOCK_TOLERANCE_SECONDS = 10;

/** RFC 7518, 3.1; each goes with one kind of key. */
export type TokenAlgorithm = 'ES256' | 'ES384' | 'ES512' | 'RS256';
const DEFAULT_ALGORITHMS: readonly TokenAlgorithm[] = ['ES256'];

export interface KeyTokenReviewerOptions {
  /** The member cluster that the issuer speaks for. */
  readonly cluster: string;
  /** The one accepted claim `iss`. */
  readonly issuer: string;
  /** Who we are: one of the token's audiences must be this. */
  readonly audience: string;
  /** Read at each review, so that a rotation of the issuer's key is a change of data. */
  readonly keys: () => readonly TokenKey[];
  /** What the issuer signs with; ES256 alone unless given. The token's header has no say in that. */
  readonly algorithms?: readonly TokenAlgorithm[];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Reviews tokens of one issuer by its public keys. */
export class KeyTokenReviewer implements TokenReviewer {
  readonly #options: KeyTokenReviewerOptions;

  constructor(options: KeyTokenReviewerOptions) {
    this.#options = options;
  }

  async review(token: string): Promise<ReviewResult> {
    // A token is ASCII, so one that is longer in bytes than in characters fails as malformed anyway.
    if (token.length > MAX_TOKEN_BYTES) return this.#refuse('too-large');
    const { issuer, audience, now, algorithms = DEFAULT_ALGORITHMS } = this.#options;
    try {
      // Looked at before the signature, which another cluster's token would fail: its sender needs the true reason.
      if (decodeJwt(token).iss !== issuer) return this.#refuse('wrong-issuer');
      const { payload } = await jwtVerify(token, (header) => this.#keyOf(header.kid), {
        algorithms: [...algorithms],
        issuer,
        audience,
        requiredClaims: ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat'],
        currentDate: new Date(now()),
        clockTolerance: TOKEN_CLOCK_TOLERANCE_SECONDS,
      });
      const subject = parseServiceAccountClaims(payload);
      if (!subject || payload.exp === undefined) return this.#refuse('malformed');
      return {
        kind: 'authenticated',
        cluster: this.#options.cluster,
        namespace: subject.namespace,
        serviceAccount: subject.serviceAccount.name,
        pod: subject.pod,
        expiresAt: payload.exp * 1000,
      };
    } catch (error) {
      return this.#refuse(refusalOf(error));
    }
  }

  #keyOf(keyId: string | undefined): TokenKey['key'] {
    const known = this.#options.keys().find((key) => key.keyId === keyId);
    if (!known) throw new errors.JWSSignatureVerificationFailed();
    return known.key;
  }

  #refuse(kind: TokenRefusal): ReviewResult {
    const { cluster, issuer, audience, algorithms = DEFAULT_ALGORITHMS } = this.#options;
    const said = explainRefusal(kind, { cluster, issuer, audience, algorithms });
    return { kind, message: `The proxy's token is refused: ${said}` };
  }
}

function refusalOf(error: unknown): TokenRefusal {
  if (error instanceof errors.JWTExpired) return 'expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud' && error.reason === 'check_failed') return 'wrong-audience';
    if (error.claim === 'nbf' && error.reason === 'check_failed') return 'not-yet-valid';
    return 'malformed';
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JOSEAlgNotAllowed) {
    return 'bad-signature';
  }
  return 'malformed';
}

/** Who was asked, for the message of a refusal. */
export interface RefusalContext {
  readonly cluster: string;
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly TokenAlgorithm[];
}

/** What is wrong with a token, and what to do. */
export function explainRefusal(kind: TokenRefusal, { cluster, issuer, audience, algorithms }: RefusalContext): string {
  switch (kind) {
    case 'too-large':
      return `it is longer than ${MAX_TOKEN_BYTES} bytes. Send the projected service account token and nothing else.`;
    case 'malformed':
      return 'it is no service account token bound to a pod. Mount a projected service account token and send that.';
    case 'bad-signature':
      return `no key of cluster ${cluster} signed it (${algorithms.join(', ')}). If the cluster's token key was changed, give the proxy a new token.`;
    case 'wrong-issuer':
      return `it is not from cluster ${cluster} (issuer ${issuer}). Proxies connect to a control plane that serves their cluster.`;
    case 'wrong-audience':
      return `it is not meant for ${audience}. Project the token with that audience.`;
    case 'expired':
      return 'it has expired. Read the token file again: it is rewritten before its time.';
    case 'not-yet-valid':
      return 'its time has not come. Set the clocks of issuer and control plane right.';
    case 'refused':
      return `the API server of cluster ${cluster} does not take it. If its pod or service account was made anew, give the proxy a new token.`;
    case 'unavailable':
      return 'nobody could be asked about it. Try again.';
  }
}
