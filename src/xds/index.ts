/**
 * Delta ADS streams: takes requests of proxies and a {@link ResourceFeed} per admitted proxy, gives responses, refusals
 * and their state. Must never decide what a resource says: it sends what the feed has, in an order that breaks nothing.
 *
 * What it asks of the feed:
 * - a resource's `name` is the name it was asked by; a ClusterLoadAssignment carries its cluster's name (a replaced
 *   cluster is warm only when its endpoints are sent again); a virtual host's body carries the resource's name too
 *   (Envoy removes virtual hosts by the body's name);
 * - `watchNames` of virtual hosts gives one default virtual host per route configuration, `<route configuration>/*`;
 *   route configurations with virtual hosts on demand come by RDS, not inside a listener, because Envoy makes no second
 *   request for virtual hosts and waits for ever for a route configuration whose first ones were sent before it.
 */
export { AdsServer, type AdsServerOptions } from './ads-server.ts';
export type { TypeCounters, XdsCounters } from './counters.ts';
export type { ServerKeyPair } from './renewable-server-credentials.ts';
export type { Admission, Admit, Nack, NodeInfo, ResourceFeed, Subscription } from './resource-feed.ts';
export { DEFAULT_STREAM_LIMITS, type StreamLimits } from './stream-limits.ts';
export type { StreamStatus, TypeStreamStatus } from './stream-status.ts';
export { CDS, ECDS, EDS, findXdsType, LDS, RDS, SDS, SRDS, VHDS, XDS_TYPES, type XdsType } from './xds-type.ts';
