import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { SecurityError } from './security-error.ts';
import { formatServiceAccountClaims, MAX_TOKEN_TTL_MS, type TokenSubject } from './service-account-token.ts';

const KEY_FILE = 'token-key.pem';

/** What an issuer must know from outside. */
export interface TokenIssuerContext {
  /** The claim `iss`: one per cluster, so that no cluster's token is another's. */
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface TokenOptions {
  /** Who may take the token; it is refused by everybody else. At least one. */
  readonly audiences: readonly string[];
  readonly ttlMs: number;
}

/** A public key by which tokens are verified, under the name their headers have for it. */
export interface TokenKey {
  readonly keyId: string;
  readonly key: KeyObject;
}

/** Gives out what Kubernetes' TokenRequest API would: tokens bound to a service account and a pod (ES256). */
export class TokenIssuer {
  readonly issuer: string;
  readonly publicKey: TokenKey;
  readonly #key: KeyObject;
  readonly #now: () => number;

  private constructor(context: TokenIssuerContext, key: KeyObject) {
    this.issuer = context.issuer;
    this.publicKey = tokenKeyOf(createPublicKey(key));
    this.#key = key;
    this.#now = context.now;
  }

  static create(context: TokenIssuerContext): TokenIssuer {
    return new TokenIssuer(context, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
  }

  /**
   * Takes up the folder's key, or makes and saves one (mode 0600), so that tokens outlive a restart.
   * @throws SecurityError where others may read the file, or it holds no P-256 key.
   */
  static async loadOrCreate(folder: string, context: TokenIssuerContext): Promise<TokenIssuer> {
    const path = join(folder, KEY_FILE);
    const found = await readPrivateFile(path);
    if (found !== undefined) return new TokenIssuer(context, readTokenKey(path, found));
    const made = TokenIssuer.create(context);
    try {
      await writePrivateFile(path, made.#key.export({ type: 'pkcs8', format: 'pem' }).toString(), 'create');
      return made;
    } catch (error) {
      const other = error instanceof SecurityError ? await readPrivateFile(path) : undefined;
      if (other === undefined) throw error;
      return new TokenIssuer(context, readTokenKey(path, other));
    }
  }

  /** @throws SecurityError `token-request-invalid` for names, audiences or lifetimes that cannot be. */
  async issue(subject: TokenSubject, { audiences, ttlMs }: TokenOptions): Promise<string> {
    const claims = formatServiceAccountClaims(subject);
    if (audiences.length === 0 || audiences.includes('')) {
      throw requestError('A token without an audience was asked for.', 'Name who is to take it.');
    }
    if (!(ttlMs >= 1000 && ttlMs <= MAX_TOKEN_TTL_MS)) {
      throw requestError(`A token for ${ttlMs} ms was asked for.`, `Ask for 1000 to ${MAX_TOKEN_TTL_MS} ms.`);
    }
    const seconds = Math.floor(this.#now() / 1000);
    return await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: this.publicKey.keyId, typ: 'JWT' })
      .setIssuer(this.issuer)
      .setAudience([...audiences])
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + Math.floor(ttlMs / 1000))
      .sign(this.#key);
  }
}

/** Names a public key by its own hash, so that issuer and reviewers agree without talking. */
export function tokenKeyOf(key: KeyObject): TokenKey {
  const spki = key.export({ type: 'spki', format: 'der' });
  return { keyId: createHash('sha256').update(spki).digest('base64url'), key };
}

function readTokenKey(path: string, text: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // Told below, together with keys of another kind: OpenSSL's own words help nobody.
  }
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new SecurityError('private-file-invalid', {
    what: `${path} holds no ECDSA P-256 private key in PEM form.`,
    why: 'The cluster cannot give its proxies the tokens by which they prove who they are.',
    remedy: 'Delete the file: a new key is made, and tokens are given out anew.',
  });
}

function requestError(what: string, remedy: string): SecurityError {
  return new SecurityError('token-request-invalid', {
    what,
    why: 'A token is bound to those who may take it and to a time, so that a stolen one is of little use.',
    remedy,
  });
}
