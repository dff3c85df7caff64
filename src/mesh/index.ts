/**
 * All clusters as one model. Takes typed objects of every member, gives tracked reads: which service a host name means,
 * its endpoints, the rules and policies that apply. Must never know of Envoy, do IO, or look at a proxy's connection.
 */

export type { AddressBlocks } from './address-blocks.ts';
export type { Addresses, AddressOwner } from './addresses.ts';
export type { CalledPort, CalledPorts } from './called-ports.ts';
export type { DnsAnswer, DnsName, DnsNames, DnsQuestion, DnsRecord, DnsTable } from './dns-names.ts';
export { REVERSE_ZONES } from './dns-zones.ts';
export { CROSS_NETWORK_PORT, type Gateway, type NetworkEntry } from './gateways.ts';
export type { HeadlessPod, HeadlessPods } from './headless-pods.ts';
export { coversService, isSameService } from './host-resolution.ts';
export type { Contact, Member } from './member.ts';
export { Mesh, type MeshView } from './mesh.ts';
export { compare, IMPORTED_LABEL, isImportedStub, type MeshKind, type MeshObject } from './objects.ts';
export { NETWORK_LABEL } from './placement.ts';
export type { AuthorizationPolicy, MtlsMode, MtlsSetting, PeerAuthentication, PolicySubject } from './policies.ts';
export { protocolOfText } from './protocol.ts';
export { selects } from './selector.ts';
export { IMPORT_LABEL, type ImportedService, type ServiceImports } from './service-imports.ts';
export { fullName } from './services.ts';
export { TLS_MODE_LABEL } from './slice-endpoints.ts';
export {
  type DestinationRule,
  type DestinationSettings,
  expandShortName,
  gatewayKey,
  MESH_GATEWAY,
  type RoutePart,
  type VirtualService,
} from './traffic-rules.ts';
export { isVirtualAddress, VIRTUAL_ADDRESSES } from './virtual-address.ts';
export { EXPORT_TO_ANNOTATION, isExportedTo } from './visibility.ts';
