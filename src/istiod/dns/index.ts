/** Names in a cluster's own DNS: zones that it asks the mesh for, and Services that stand for those of other clusters. */
export { type ClusterNamesOptions, keepClusterNames, type NameSettings } from './cluster-names.ts';
export { CoreDnsZones, type CoreDnsZonesOptions, removeCoreDnsZones, type ZonesFrom } from './core-dns-zones.ts';
export { type CorefileZones, foreignZones, withoutZones, withZones, type ZoneSource } from './corefile.ts';
export { ImportedServices, type ImportedServicesOptions, removeImportedServices } from './imported-services.ts';
export { inlineZones, MAX_INLINE_NAMES } from './inline-zones.ts';
