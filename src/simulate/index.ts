/**
 * Walks a request through Envoy resources, hop by hop, over every proxy between the caller and the application: what
 * would happen, how often, and which resource decided each step.
 *
 * Takes a {@link World} (the resources of each proxy as decoded messages, and who listens where) and a {@link Call}; gives
 * a {@link Walk}: every way with its probability. It does not check signatures of certificates or tokens, does not
 * retry, and knows no time: filters it does not know are passed and say so in their hop. It must never do IO, read a clock,
 * or know anything of the mesh's configuration: only what an Envoy would know.
 */
export type { Call, CallTls, Via } from './call.ts';
export { firstClusters, outcomesOf, sharesBy, type WeightedOutcome } from './distribution.ts';
export { formatOutcome, formatWalk } from './format-walk.ts';
export type { Certificate, HttpRequest, SocketName } from './payload.ts';
export {
  CLUSTER,
  ENDPOINTS,
  LISTENER,
  type ResourceLookup,
  type ResourceMessages,
  type ResourceName,
  ROUTE_CONFIGURATION,
  VIRTUAL_HOST,
} from './resource-lookup.ts';
export type { Failure, FailureKind, Hop, HopKind, Outcome, Path } from './trail.ts';
export { type Walk, walk } from './walk.ts';
export type { AppSite, ProxyKey, ProxySite, Target, World } from './world.ts';
