import { RawBufferSchema } from '../../envoy/gen/envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer_pb.ts';
import { pack } from '../../envoy/index.ts';

/** Plain bytes, for endpoints without a mesh proxy. */
export const RAW_BUFFER: ReturnType<typeof pack> = pack(RawBufferSchema, {});
