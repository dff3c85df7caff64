import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type FramedField, frameField, joinFields } from './framed-field.ts';
import { type RouteConfiguration, RouteConfigurationSchema } from './gen/envoy/config/route/v3/route_pb.ts';

/** A `VirtualHost` as a field of a RouteConfiguration, encoded. */
export type EncodedVirtualHost = FramedField;

type RouteConfigurationInit = Exclude<MessageInitShape<typeof RouteConfigurationSchema>, RouteConfiguration>;

/** A route configuration whose virtual hosts are encoded already. */
export interface RouteConfigurationFragment {
  readonly name: string;
  readonly virtualHosts: readonly EncodedVirtualHost[];
  /** Everything else. */
  readonly rest?: Omit<RouteConfigurationInit, 'name' | 'virtualHosts'>;
}

/** Frames the bytes of a VirtualHost resource (RouteConfiguration.virtual_hosts, field 2), which may be sent by VHDS too. */
export function frameVirtualHost(bytes: Uint8Array): EncodedVirtualHost {
  return frameField(2, bytes);
}

/** Joins the bytes of an `envoy.config.route.v3.RouteConfiguration`. */
export function joinRouteConfiguration(fragment: RouteConfigurationFragment): Uint8Array {
  const rest = create(RouteConfigurationSchema, fragment.rest);
  const fields: FramedField[] = [];
  if (fragment.name !== '') fields.push(frameField(1, fragment.name));
  fields.push(...fragment.virtualHosts);
  // All that is left has higher field numbers, so its encoding goes behind as it is.
  const tail: Uint8Array = toBinary(RouteConfigurationSchema, rest);
  return joinFields([...fields, tail as FramedField]);
}
