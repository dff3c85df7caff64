import type { ObjectRef } from '../model/index.ts';

/** Istio's spelling of the kinds that proxies' resources name. */
const PATHS: Readonly<Record<string, string>> = {
  VirtualService: 'virtual-service',
  DestinationRule: 'destination-rule',
};

/** The part of a message that names the object behind it, where Istio puts that: `istioctl proxy-config` shows it. */
export interface OriginMetadata {
  readonly metadata?: { readonly filterMetadata: { readonly istio: { readonly config: string } } };
}

/** Empty where none of the objects is a VirtualService or a DestinationRule; of several the first counts, whose policy it is. */
export function originMetadata(origins: readonly ObjectRef[]): OriginMetadata {
  const ref = origins.find(({ kind }) => PATHS[kind] !== undefined);
  if (!ref) return {};
  const config = `/apis/networking.istio.io/v1/namespaces/${ref.namespace}/${PATHS[ref.kind]}/${ref.name}`;
  return { metadata: { filterMetadata: { istio: { config } } } };
}
