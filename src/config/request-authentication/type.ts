import type { PolicySelection } from '../selection/type.ts';

/** Which JSON Web Tokens are accepted (Istio: security.istio.io/v1 RequestAuthentication). */
export interface RequestAuthenticationSpec extends PolicySelection {
  readonly jwtRules?: readonly JwtRule[];
}

export interface JwtRule {
  readonly issuer?: string;
  /** Not given: any audience. */
  readonly audiences?: readonly string[];
  /** Where the keys are; not given, they come from the issuer's OpenID discovery. */
  readonly jwksUri?: string;
  readonly jwks_uri?: string;
  /** The keys themselves, a JSON Web Key Set (RFC 7517). */
  readonly jwks?: string;
  readonly fromHeaders?: readonly { readonly name: string; readonly prefix?: string }[];
  readonly fromParams?: readonly string[];
  readonly fromCookies?: readonly string[];
  readonly outputPayloadToHeader?: string;
  readonly outputClaimToHeaders?: readonly { readonly header: string; readonly claim: string }[];
  readonly forwardOriginalToken?: boolean;
  /** Duration of the fetch of keys. */
  readonly timeout?: string;
  readonly spaceDelimitedClaims?: readonly string[];
  /** REQUIRED: a request without a token of this rule is refused. Not given: OPTIONAL. */
  readonly presence?: 'OPTIONAL' | 'REQUIRED';
}
