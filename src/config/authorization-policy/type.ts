import type { PolicySelection } from '../selection/type.ts';

/** Who may do what (Istio: security.istio.io/v1 AuthorizationPolicy). */
export interface AuthorizationPolicySpec extends PolicySelection {
  /** CUSTOM, then DENY, then ALLOW are asked, in this order. Default: ALLOW. */
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  /** Any of them must match. Not given: nothing matches, so an ALLOW policy without rules allows nothing. */
  readonly rules?: readonly AuthorizationRule[];
  /** Of CUSTOM: an extension provider of the mesh configuration. */
  readonly provider?: { readonly name?: string };
}

/** All that is given must match; an empty rule matches always. */
export interface AuthorizationRule {
  readonly from?: readonly { readonly source?: AuthorizationSource }[];
  readonly to?: readonly { readonly operation?: AuthorizationOperation }[];
  readonly when?: readonly AuthorizationCondition[];
}

/** Texts may begin or end with `*`, which stands for any text; `*` alone asks that it is there at all. */
export interface AuthorizationSource {
  /** `<trust domain>/ns/<namespace>/sa/<service account>` */
  readonly principals?: readonly string[];
  readonly notPrincipals?: readonly string[];
  /** `<issuer>/<subject>` of a JWT. */
  readonly requestPrincipals?: readonly string[];
  readonly notRequestPrincipals?: readonly string[];
  readonly namespaces?: readonly string[];
  readonly notNamespaces?: readonly string[];
  /** `<namespace>/<service account>`, or one of the policy's own namespace. */
  readonly serviceAccounts?: readonly string[];
  readonly notServiceAccounts?: readonly string[];
  readonly trustDomains?: readonly string[];
  readonly notTrustDomains?: readonly string[];
  /** The peer of the connection, as address or CIDR block. */
  readonly ipBlocks?: readonly string[];
  readonly notIpBlocks?: readonly string[];
  /** The client as X-Forwarded-For or the proxy protocol give it. */
  readonly remoteIpBlocks?: readonly string[];
  readonly notRemoteIpBlocks?: readonly string[];
}

export interface AuthorizationOperation {
  /** Compared without case. */
  readonly hosts?: readonly string[];
  readonly notHosts?: readonly string[];
  readonly ports?: readonly string[];
  readonly notPorts?: readonly string[];
  readonly methods?: readonly string[];
  readonly notMethods?: readonly string[];
  /** With `*` at an end, or as a template with `{*}` and `{**}`. */
  readonly paths?: readonly string[];
  readonly notPaths?: readonly string[];
}

/** A condition on an attribute: `request.headers[x]`, `source.ip`, `request.auth.claims[iss]` ... */
export interface AuthorizationCondition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}
