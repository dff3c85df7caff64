import { fromBinary, type MessageShape } from '@bufbuild/protobuf';
import { ClusterSchema } from './gen/envoy/config/cluster/v3/cluster_pb.ts';
import { ClusterLoadAssignmentSchema } from './gen/envoy/config/endpoint/v3/endpoint_pb.ts';
import { ListenerSchema } from './gen/envoy/config/listener/v3/listener_pb.ts';
import { VirtualHostSchema } from './gen/envoy/config/route/v3/route_components_pb.ts';
import { RouteConfigurationSchema } from './gen/envoy/config/route/v3/route_pb.ts';
import { SecretSchema } from './gen/envoy/extensions/transport_sockets/tls/v3/secret_pb.ts';
import { TYPE_URL, type TypeUrl } from './type-url.ts';

interface ResourceSchemas {
  readonly [TYPE_URL.LDS]: typeof ListenerSchema;
  readonly [TYPE_URL.RDS]: typeof RouteConfigurationSchema;
  readonly [TYPE_URL.VHDS]: typeof VirtualHostSchema;
  readonly [TYPE_URL.CDS]: typeof ClusterSchema;
  readonly [TYPE_URL.EDS]: typeof ClusterLoadAssignmentSchema;
  readonly [TYPE_URL.SDS]: typeof SecretSchema;
}

/** The message that each type URL stands for. */
export const RESOURCE_SCHEMAS: ResourceSchemas = {
  [TYPE_URL.LDS]: ListenerSchema,
  [TYPE_URL.RDS]: RouteConfigurationSchema,
  [TYPE_URL.VHDS]: VirtualHostSchema,
  [TYPE_URL.CDS]: ClusterSchema,
  [TYPE_URL.EDS]: ClusterLoadAssignmentSchema,
  [TYPE_URL.SDS]: SecretSchema,
};

/** The typed message of a resource type. */
export type ResourceMessage<Type extends TypeUrl> = MessageShape<ResourceSchemas[Type]>;

/**
 * Reads a resource's bytes.
 * @throws Error where the bytes are not an encoding of that type.
 */
export function decodeResource<Type extends TypeUrl>(type: Type, bytes: Uint8Array): ResourceMessage<Type> {
  return fromBinary<ResourceSchemas[Type]>(RESOURCE_SCHEMAS[type], bytes);
}
