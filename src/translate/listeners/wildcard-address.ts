import type { AdditionalAddressSchema } from '../../envoy/gen/envoy/config/listener/v3/listener_pb.ts';
import { socketAddress } from '../../envoy/index.ts';
import type { ProxyScope } from '../../model/index.ts';
import type { InitOf } from '../built.ts';

/** IPv6 is bound only where the pod has it: on a machine without it Envoy would refuse the whole listener. */
export function otherFamily(
  { addresses }: Pick<ProxyScope, 'addresses'>,
  port: number,
): InitOf<typeof AdditionalAddressSchema>[] {
  return addresses.some((address) => address.includes(':')) ? [{ address: socketAddress('::', port) }] : [];
}
