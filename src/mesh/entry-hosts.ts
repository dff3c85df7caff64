import type { ServiceEntrySpec } from '../config/index.ts';
import { type Hostname, hostnameCovers, isWildcard, parseHostname } from '../model/index.ts';
import { addressKey } from './ip-block.ts';
import type { MeshObject } from './objects.ts';

type ServiceEntry = MeshObject<'ServiceEntry'>;

/** Label by which a ServiceEntry refuses a virtual address of the mesh's choice (Istio). */
const AUTO_ALLOCATE = 'networking.istio.io/enable-autoallocate-ip';

/** All hosts, once each. */
export function hostsOfEntry({ spec }: ServiceEntry): readonly Hostname[] {
  return [...new Set((spec.hosts ?? []).map((host) => parseHostname(host)))];
}

/** Single addresses; a block is none that DNS could answer with. */
export function singleAddresses(spec: ServiceEntrySpec): readonly string[] {
  return (spec.addresses ?? []).filter((address) => addressKey(address) !== undefined);
}

/**
 * Does the mesh itself know where the hosts are? Not where they are looked up in DNS (resolution DNS without endpoints,
 * DYNAMIC_DNS) or called at the address that the client has (NONE): those names are other people's.
 */
function isLocated({ resolution, endpoints, workloadSelector }: ServiceEntrySpec): boolean {
  if (resolution === 'STATIC') return true;
  const byName = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  return byName && ((endpoints ?? []).length > 0 || workloadSelector !== undefined);
}

/** Is a host of it to have a virtual address? */
export function needsVirtualAddress({ spec, meta }: ServiceEntry): boolean {
  return singleAddresses(spec).length === 0 && isLocated(spec) && meta.labels[AUTO_ALLOCATE] !== 'false';
}

/** Does DNS have to learn its hosts from the mesh? */
export function isAnsweredByMesh(entry: ServiceEntry): boolean {
  const isNone = (entry.spec.resolution ?? 'NONE') === 'NONE';
  const isGiven = singleAddresses(entry.spec).length > 0 && (isNone || isLocated(entry.spec));
  return isGiven || needsVirtualAddress(entry);
}

/** The entry's own host that covers a name: itself, else the longest wildcard. */
export function coveringHost(entry: ServiceEntry, name: Hostname): Hostname | undefined {
  const hosts = hostsOfEntry(entry).filter((host) => hostnameCovers(host, name));
  return hosts.find((host) => !isWildcard(host)) ?? hosts.toSorted((a, b) => b.length - a.length)[0];
}
