/**
 * Trust: the cluster's certificate authority, SPIFFE identities, workload certificates over SDS, the mesh's trust bundle,
 * and the tokens by which proxies prove who they are.
 *
 * Takes identities, members' roots and tokens from outside, all of them untrusted; a clock and timers as parameters.
 * Gives certificates, encoded Envoy secrets and review results.
 * Must never let a root key out, write a private key or token into a message or a log, believe an address, or decide who
 * may call whom (that is for policies, in src/translate).
 */
export { type AuthorityMaterial, createAuthorityMaterial, MAX_MATERIAL_PART_BYTES } from './authority-material.ts';
export {
  CLOCK_SKEW_MS,
  type IssuedCertificate,
  MAX_LEAF_TTL_MS,
} from './certificate.ts';
export {
  type Authority,
  type AuthorityContext,
  CertificateAuthority,
  type CertificateIssuer,
  type IssueOptions,
  ROOT_TTL_MS,
} from './certificate-authority.ts';
export { encodeTrustBundle, encodeWorkloadCertificate, type KeyMaterial, type WorkloadSecret } from './envoy-secret.ts';
export { type IssuerDocument, IssuerKeys, type IssuerKeysOptions, type KnownIssuer, parseJwks } from './issuer-keys.ts';
export {
  KubernetesTokenReviewer,
  type KubernetesTokenReviewerOptions,
  type TokenReviewStatus,
} from './kubernetes-token-reviewer.ts';
export { splitCertificatePems } from './pem.ts';
export { MAX_PRIVATE_FILE_BYTES, readPrivateFile, writePrivateFile } from './private-file.ts';
export { RetiringRoots, type RetiringRootsOptions } from './retiring-roots.ts';
export { RotatingAuthority } from './rotating-authority.ts';
export { SecurityError, type SecurityErrorCode, type SecurityErrorText } from './security-error.ts';
export {
  type BoundObject,
  MAX_TOKEN_BYTES,
  MAX_TOKEN_TTL_MS,
  type ReviewResult,
  type TokenRefusal,
  type TokenReviewer,
  type TokenSubject,
} from './service-account-token.ts';
export {
  formatSpiffeId,
  formatTrustDomainId,
  MAX_SPIFFE_ID_BYTES,
  parseSpiffeId,
  requireIdentity,
  type SpiffeIdResult,
} from './spiffe-id.ts';
export type { SubjectAltName } from './subject-alt-name.ts';
export { TokenIssuer, type TokenIssuerContext, type TokenKey, type TokenOptions, tokenKeyOf } from './token-issuer.ts';
export { KeyTokenReviewer, type KeyTokenReviewerOptions, type TokenAlgorithm } from './token-reviewer.ts';
export {
  MAX_BUNDLE_BYTES,
  MAX_MEMBERS,
  MAX_ROOTS_PER_MEMBER,
  TrustBundle,
  type TrustBundleContext,
} from './trust-bundle.ts';
export { MAX_ROOT_PEM_BYTES, parseTrustRoot, type RootRules, type TrustRoot } from './trust-root.ts';
export {
  DEFAULT_LEAF_TTL_MS,
  type Schedule,
  type WorkloadSecretName,
  WorkloadSecrets,
  type WorkloadSecretsOptions,
} from './workload-secrets.ts';
