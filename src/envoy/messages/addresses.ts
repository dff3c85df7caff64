import { create } from '@bufbuild/protobuf';
import {
  type Address,
  AddressSchema,
  type CidrRange,
  CidrRangeSchema,
  SocketAddress_Protocol,
} from '../gen/envoy/config/core/v3/address_pb.ts';

/** A TCP socket: an IP address, or a host name where Envoy resolves it (DNS clusters). */
export function socketAddress(address: string, port: number): Address {
  return create(AddressSchema, {
    address: {
      case: 'socketAddress',
      value: { protocol: SocketAddress_Protocol.TCP, address, portSpecifier: { case: 'portValue', value: port } },
    },
  });
}

/** A UNIX domain socket; `mode` is its file mode when Envoy makes it (0 leaves it to the umask). */
export function pipeAddress(path: string, mode: number = 0): Address {
  return create(AddressSchema, { address: { case: 'pipe', value: { path, mode } } });
}

/** An internal listener of the same Envoy. The endpoint id tells endpoints behind one listener apart. */
export function internalAddress(listenerName: string, endpointId: string = ''): Address {
  return create(AddressSchema, {
    address: {
      case: 'envoyInternalAddress',
      value: { addressNameSpecifier: { case: 'serverListenerName', value: listenerName }, endpointId },
    },
  });
}

/** `10.0.0.0/16`, or one address. */
export function prefixRange(text: string): CidrRange {
  const [addressPrefix = '', length] = text.split('/');
  const prefixLen = length === undefined ? (addressPrefix.includes(':') ? 128 : 32) : Number(length);
  return create(CidrRangeSchema, { addressPrefix, prefixLen });
}
