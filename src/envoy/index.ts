/**
 * Envoy's API as this project uses it: type URLs, resource names, encoding, and typed constructors of messages.
 * Takes values, gives Envoy's messages, names and bytes. It must never decide what traffic does, and knows nothing of
 * meshes, services or policies: that is for `translate`.
 *
 * The message types themselves are in `gen/` (made by scripts/generate-envoy-types.mjs out of Envoy's own descriptors)
 * and are imported from there.
 */
import type { Registry } from '@bufbuild/protobuf';

export { messageFromAny, pack, unpack } from './any.ts';
export { contentHash } from './content-hash.ts';
export { type EncodedResource, encodeResource, versioned } from './encode.ts';
export { messageToJson, resourceToJson } from './json.ts';
export {
  type EncodedEndpoint,
  type EncodedLocality,
  encodeEndpoint,
  joinLoadAssignment,
  joinLocality,
  type LoadAssignmentFragment,
  type LocalityFragment,
} from './load-assignment-writer.ts';
export * from './messages/index.ts';
export { REDACTED } from './redact-json.ts';
export {
  type ClusterName,
  formatClusterName,
  formatInboundClusterName,
  formatSniClusterName,
  formatVirtualHostName,
  parseClusterName,
  parseSniClusterName,
  parseVirtualHostName,
  type TrafficDirection,
  type VirtualHostName,
} from './resource-name.ts';
export { decodeResource, RESOURCE_SCHEMAS, type ResourceMessage } from './resource-schemas.ts';
export {
  type EncodedVirtualHost,
  frameVirtualHost,
  joinRouteConfiguration,
  type RouteConfigurationFragment,
} from './route-configuration-writer.ts';
export { parseTypeUrl, shortNameOf, TYPE_URL, TYPE_URLS, type TypeShortName, type TypeUrl } from './type-url.ts';

/**
 * Every type of Envoy's API: to unfold an Any of any type, print a resource, or read an Envoy's whole config dump.
 * Loaded on first use, because proxies are served without it; costs 0.1 s of CPU once.
 */
export async function loadAllTypes(): Promise<Registry> {
  return (await import('./all-types.ts')).ALL_TYPES;
}
