/** Istio's spelling of a header that stands for a claim: `@request.auth.claims.sub` or `@request.auth.claims[sub]`. */
export function isRoutingClaim(header: string): boolean {
  return /^@request\.auth\.claims(?:\..+|\[.+\])$/i.test(header);
}
