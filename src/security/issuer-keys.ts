/** The public keys of a cluster's token issuer, fetched when they are needed and kept while nobody can be asked. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import type { TokenKey } from './token-issuer.ts';

/** An issuer's name (the claim `iss`) and its keys as a JWK set (RFC 7517, 5), as an API server publishes them. */
export interface IssuerDocument {
  readonly issuer: string;
  readonly jwks: unknown;
}

export interface IssuerKeysOptions {
  /** Rejects where they cannot be had. */
  readonly fetch: () => Promise<IssuerDocument>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface KnownIssuer {
  readonly issuer: string;
  readonly keys: readonly TokenKey[];
}

/** A key that was withdrawn is believed this much longer at most, while the API server answers. */
const FRESH_MS = 300_000;
/** And this long while it does not: tokens live a day at most too. */
const USABLE_MS = 24 * 3_600_000;
/** Unknown key ids of rubbish tokens must not make a fetch each. */
const MIN_INTERVAL_MS = 5_000;
const MAX_KEYS = 32;

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #known: KnownIssuer | undefined;
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  get issuer(): string | undefined {
    return this.#known?.issuer;
  }

  /**
   * The keys, fetched again first where they are old or the one that is wanted is not among them.
   * @returns undefined where they cannot be had and those from before are too old. Never rejects.
   */
  async get(keyId: string): Promise<KnownIssuer | undefined> {
    const nowMs = this.#options.now();
    const missing = !this.#known?.keys.some((key) => key.keyId === keyId);
    const stale = nowMs - this.#fetchedAtMs > FRESH_MS;
    if (missing) await this.#fetch();
    else if (stale) void this.#fetch();
    return this.#options.now() - this.#fetchedAtMs > USABLE_MS ? undefined : this.#known;
  }

  async #fetch(): Promise<void> {
    const nowMs = this.#options.now();
    if (!this.#fetching && nowMs - this.#triedAtMs < MIN_INTERVAL_MS) return;
    this.#fetching ??= this.#fetchOnce(nowMs).finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetchOnce(nowMs: number): Promise<void> {
    this.#triedAtMs = nowMs;
    try {
      const { issuer, jwks } = await this.#options.fetch();
      const keys = parseJwks(jwks);
      if (issuer === '' || keys.length === 0) return;
      this.#known = { issuer, keys };
      this.#fetchedAtMs = nowMs;
    } catch {
      // The keys from before serve on, and where there are none the API server is asked about each token.
    }
  }
}

/** The signing keys of a JWK set that can be read; others are left out (RFC 7517, 5). */
export function parseJwks(jwks: unknown): readonly TokenKey[] {
  const list = typeof jwks === 'object' && jwks !== null && 'keys' in jwks ? jwks.keys : undefined;
  if (!Array.isArray(list)) return [];
  return list.slice(0, MAX_KEYS).flatMap((jwk: unknown): readonly TokenKey[] => {
    if (typeof jwk !== 'object' || jwk === null) return [];
    const { kid, kty, use } = jwk as JsonWebKey & { readonly kid?: unknown; readonly use?: unknown };
    if (typeof kid !== 'string' || (kty !== 'RSA' && kty !== 'EC') || (use !== undefined && use !== 'sig')) return [];
    try {
      return [{ keyId: kid, key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }) }];
    } catch {
      return [];
    }
  });
}
