/** Kubernetes' projected service account tokens: by the cluster's public keys, or by asking its API server. */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { IssuerKeys, type IssuerKeysOptions } from './issuer-keys.ts';
import {
  MAX_TOKEN_BYTES,
  parseServiceAccountClaims,
  type ReviewResult,
  type TokenRefusal,
  type TokenReviewer,
} from './service-account-token.ts';
import { explainRefusal, KeyTokenReviewer } from './token-reviewer.ts';

/** The part of `status` of a `authentication.k8s.io/v1` TokenReview that is looked at. */
export interface TokenReviewStatus {
  readonly authenticated?: boolean;
  readonly error?: string;
  readonly audiences?: readonly string[];
  readonly user?: {
    readonly username?: string;
    readonly extra?: Readonly<Record<string, readonly string[]>>;
  };
}

export interface KubernetesTokenReviewerOptions {
  /** The member cluster whose API server is asked. */
  readonly cluster: string;
  /** Who we are: one of the token's audiences must be this. */
  readonly audience: string;
  /** Asks the API server about a token; rejects where there is no answer. Bounded in time by who gives it. */
  readonly ask: (token: string) => Promise<TokenReviewStatus>;
  /** Reads the issuer's name and public keys; rejects where they cannot be had. */
  readonly fetchKeys: IssuerKeysOptions['fetch'];
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** An answer of the API server is good for this long, so that a proxy that reconnects costs nothing. */
const CACHED_MS = 60_000;
/** A refusal may be over sooner: a key was changed, a pod has just been made. */
const CACHED_REFUSAL_MS = 5_000;
const MAX_CACHED = 10_000;
/** Rubbish from many proxies must not become a flood at the API server. */
const MAX_ASKED_AT_ONCE = 50;

interface Cached {
  readonly result: ReviewResult;
  readonly untilMs: number;
}

/**
 * Says yes by the cluster's public keys alone, which is quick and works while the API server is away; that the pod still is
 * there, with the same uid, the registry says (admission). What the keys do not say yes to the API server is asked about,
 * because it knows of issuers and keys that it does not publish. Refusals for what the token itself says are final.
 */
export class KubernetesTokenReviewer implements TokenReviewer {
  readonly #options: KubernetesTokenReviewerOptions;
  readonly #keys: IssuerKeys;
  readonly #cache = new Map<string, Cached>();
  readonly #asking = new Map<string, Promise<ReviewResult>>();

  constructor(options: KubernetesTokenReviewerOptions) {
    this.#options = options;
    this.#keys = new IssuerKeys({ now: options.now, fetch: options.fetchKeys });
  }

  async review(token: string): Promise<ReviewResult> {
    if (token.length > MAX_TOKEN_BYTES) return this.#refuse('too-large');
    const claims = claimsOf(token);
    if (!claims) return this.#refuse('malformed');
    const bySignature = await this.#reviewByKeys(token, claims.keyId);
    if (bySignature && !UNDECIDED.has(bySignature.kind)) return bySignature;
    return await this.#reviewByAsking(token);
  }

  /** @returns undefined where the issuer's keys are not known. */
  async #reviewByKeys(token: string, keyId: string): Promise<ReviewResult | undefined> {
    const known = await this.#keys.get(keyId);
    if (!known) return undefined;
    const { cluster, audience, now } = this.#options;
    const reviewer = new KeyTokenReviewer({
      cluster,
      issuer: known.issuer,
      audience,
      keys: () => known.keys,
      algorithms: KUBERNETES_ALGORITHMS,
      now,
    });
    return await reviewer.review(token);
  }

  /** One question per token at a time; the answer is kept by the token's hash, never the token. */
  async #reviewByAsking(token: string): Promise<ReviewResult> {
    const hash = createHash('sha256').update(token).digest('base64');
    const nowMs = this.#options.now();
    const cached = this.#cache.get(hash);
    if (cached && nowMs < cached.untilMs) return cached.result;
    const running = this.#asking.get(hash);
    if (running) return await running;
    if (this.#asking.size >= MAX_ASKED_AT_ONCE)
      return this.#refuse('unavailable', 'too many tokens are being asked about');
    const asking = this.#ask(token);
    this.#asking.set(hash, asking);
    try {
      const result = await asking;
      this.#keep(hash, result);
      return result;
    } finally {
      this.#asking.delete(hash);
    }
  }

  #keep(hash: string, result: ReviewResult): void {
    this.#cache.delete(hash);
    if (result.kind === 'unavailable') return;
    const nowMs = this.#options.now();
    const untilMs =
      result.kind === 'authenticated' ? Math.min(nowMs + CACHED_MS, result.expiresAt) : nowMs + CACHED_REFUSAL_MS;
    this.#cache.set(hash, { result, untilMs });
    // A Map keeps the order of insertion, so the first one is the oldest.
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= MAX_CACHED) break;
      this.#cache.delete(oldest);
    }
  }

  async #ask(token: string): Promise<ReviewResult> {
    let status: TokenReviewStatus;
    try {
      status = await this.#options.ask(token);
    } catch (error) {
      return this.#refuse('unavailable', error instanceof Error ? error.message : String(error));
    }
    if (status.authenticated !== true) return this.#refuse(this.#reasonOf(token), status.error);
    // An API server that does not know of audiences leaves them out, and has not looked (Kubernetes API, TokenReviewStatus).
    if (!status.audiences?.includes(this.#options.audience)) return this.#refuse('wrong-audience');
    const claims = claimsOf(token);
    const subject = claims && subjectOf(status, claims.payload);
    if (!subject) return this.#refuse('malformed');
    return { kind: 'authenticated', cluster: this.#options.cluster, ...subject };
  }

  /** Why the API server refused it: as far as the token's own claims tell, else that it did. Nothing is believed by this. */
  #reasonOf(token: string): TokenRefusal {
    const payload = claimsOf(token)?.payload ?? {};
    const { audience, now } = this.#options;
    const audiences = [payload['aud']].flat();
    if (typeof payload['exp'] === 'number' && payload['exp'] * 1000 <= now()) return 'expired';
    if (!audiences.includes(audience)) return 'wrong-audience';
    const issuer = this.#keys.issuer;
    if (issuer !== undefined && payload['iss'] !== issuer) return 'wrong-issuer';
    return parseServiceAccountClaims(payload) ? 'refused' : 'malformed';
  }

  #refuse(kind: TokenRefusal, said?: string): ReviewResult {
    const { cluster, audience } = this.#options;
    const about = { cluster, audience, issuer: this.#keys.issuer ?? 'unknown', algorithms: KUBERNETES_ALGORITHMS };
    const detail = said ? ` (${cluster}: ${printable(said)})` : '';
    return { kind, message: `The proxy's token is refused: ${explainRefusal(kind, about)}${detail}` };
  }
}

/** What kube-apiserver signs with, by the kind of its key (RSA, or ECDSA P-256, P-384, P-521). */
const KUBERNETES_ALGORITHMS = ['RS256', 'ES256', 'ES384', 'ES512'] as const;
/** What the published keys alone cannot decide. */
const UNDECIDED: ReadonlySet<ReviewResult['kind']> = new Set(['bad-signature', 'wrong-issuer']);

interface UnverifiedClaims {
  readonly keyId: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

function claimsOf(token: string): UnverifiedClaims | undefined {
  try {
    const payload = decodeJwt(token);
    const header: unknown = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('utf8'));
    const keyId = typeof header === 'object' && header !== null && 'kid' in header ? String(header.kid) : '';
    return { keyId, payload };
  } catch {
    return undefined;
  }
}

/**
 * Whom the API server says the token speaks for; the time alone is read from the token, which the API server has checked.
 * The names of the extra fields: k8s.io/apiserver, pkg/authentication/serviceaccount.
 */
function subjectOf(
  status: TokenReviewStatus,
  payload: Readonly<Record<string, unknown>>,
): Omit<Extract<ReviewResult, { readonly kind: 'authenticated' }>, 'kind' | 'cluster'> | undefined {
  const [system, kind, namespace, serviceAccount, ...rest] = status.user?.username?.split(':') ?? [];
  const extra = status.user?.extra ?? {};
  const name = extra['authentication.kubernetes.io/pod-name']?.[0];
  const uid = extra['authentication.kubernetes.io/pod-uid']?.[0];
  const { exp } = payload;
  if (system !== 'system' || kind !== 'serviceaccount' || rest.length > 0) return undefined;
  if (!namespace || !serviceAccount || !name || !uid || typeof exp !== 'number') return undefined;
  return { namespace, serviceAccount, pod: { name, uid }, expiresAt: exp * 1000 };
}

function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').slice(0, 300);
}
