import { create, type DescMessage, type MessageInitShape, type MessageShape } from '@bufbuild/protobuf';
import type { Duration } from '@bufbuild/protobuf/wkt';
import { DurationSchema } from '@bufbuild/protobuf/wkt';
import {
  ApiVersion,
  type ConfigSource,
  ConfigSourceSchema,
} from '../envoy/gen/envoy/config/core/v3/config_source_pb.ts';

export {
  type CommonTlsContext,
  CommonTlsContextSchema,
} from '../envoy/gen/envoy/extensions/transport_sockets/tls/v3/tls_pb.ts';

/** The plain-object form of a message, to be spread into another. */
export type InitOf<Desc extends DescMessage> = Exclude<MessageInitShape<Desc>, MessageShape<Desc>>;

/** "Ask on the ADS stream." */
export function ads(): ConfigSource {
  return create(ConfigSourceSchema, {
    configSourceSpecifier: { case: 'ads', value: {} },
    resourceApiVersion: ApiVersion.V3,
  });
}

/** @param ms whole milliseconds. */
export function duration(ms: number): Duration {
  return create(DurationSchema, { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 });
}
