import { type Hostname, isWildcard } from '../model/index.ts';

/** The zone of the MCS API (KEP-1645). */
export const CLUSTER_SET_ZONE = 'clusterset.local';

/** Reverse names of virtual addresses: of hosts, and of single pods. */
export const REVERSE_ZONES: readonly string[] = ['240.in-addr.arpa', '248.in-addr.arpa'];

/** What the cluster's own DNS cannot do without, and what RFC 6761 keeps for others. */
const RESERVED: ReadonlySet<string> = new Set([
  'local',
  'localhost',
  'arpa',
  'cluster.local',
  'in-addr.arpa',
  'ip6.arpa',
]);

/**
 * Top-level domains of the public DNS that are likely names of clusters. A zone of that name would take every public
 * host under it from the pods. Two letters are always a country's (ISO 3166).
 */
const PUBLIC: ReadonlySet<string> = new Set(
  (
    'com net org edu gov mil int info biz name pro app dev prod cloud global world zone network systems tech site online ' +
    'store shop host hosting space live company center city earth asia africa berlin london paris tokyo nyc amsterdam ' +
    'sydney boston miami vegas quebec wales blue green red pink black gold data play run computer digital services team ' +
    'work group one new now top xyz page link web bank cafe engineering enterprises finance build codes domains events'
  ).split(' '),
);

export function isPublicTopLevel(label: string): boolean {
  return label.length === 2 || PUBLIC.has(label);
}

/** May a zone of this name be taken from the cluster's DNS? Names of the cluster itself and public top levels may not. */
export function mayBeZone(zone: string): boolean {
  if (RESERVED.has(zone) || zone.endsWith('.cluster.local') || zone === '' || zone === '*') return false;
  return zone.includes('.') || !isPublicTopLevel(zone);
}

/** The zone that a declared host needs: itself, for a wildcard what is under it. Never a public top level. */
export function zoneOfHost(host: Hostname): string | undefined {
  const zone = isWildcard(host) ? host.replace(/^\*\.?/, '') : host;
  return mayBeZone(zone) && (zone.includes('.') || !isWildcard(host)) ? zone : undefined;
}

/** The longest of the zones that a name is in. */
export function zoneOf(zones: ReadonlySet<string>, name: string): string | undefined {
  for (let rest = name; rest !== ''; ) {
    if (zones.has(rest)) return rest;
    const dot = rest.indexOf('.');
    rest = dot < 0 ? '' : rest.slice(dot + 1);
  }
  return undefined;
}

/** Sorted, without those that are inside another one. */
export function outermost(zones: Iterable<string>): readonly string[] {
  const all = new Set(zones);
  const isInside = (zone: string): boolean =>
    zone.includes('.') && zoneOf(all, zone.slice(zone.indexOf('.') + 1)) !== undefined;
  return [...all].filter((zone) => !isInside(zone)).sort();
}

/** `1.2.3.240.in-addr.arpa` to `240.3.2.1`. */
export function addressOfReverse(name: string): string | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\.in-addr\.arpa$/.exec(name);
  return match ? `${match[4]}.${match[3]}.${match[2]}.${match[1]}` : undefined;
}
