import type { DnsName } from '../../mesh/index.ts';

/** Each name is a rule that questions are compared with in turn; so many cost some tenths of a millisecond. */
export const MAX_INLINE_NAMES = 2_000;
/** An object of Kubernetes has at most 1 MiB. */
const MAX_ADDRESSES = 20;
const NAMES_IN_PATTERN = 100;
const TTL_SECONDS = 30;

const SOA = `{{ .Zone }} ${TTL_SECONDS} IN SOA istiod-dns.istio-system.svc.cluster.local. hostmaster.{{ .Zone }} (1 3600 600 86400 ${TTL_SECONDS})`;

/**
 * Lines of a server block that has the answers itself (CoreDNS' plugin template, which all its versions have), for a cluster whose
 * DNS server reaches no control plane: addresses are stable, so they may.
 */
export function inlineZones(names: readonly DnsName[]): readonly string[] {
  const taken = names.filter(({ hostname }) => /^(\*\.)?[a-z0-9._-]+$/.test(hostname)).slice(0, MAX_INLINE_NAMES);
  return [
    ...taken.flatMap((name) => [...addressRule(name, 'A'), ...addressRule(name, 'AAAA')]),
    ...existenceRule(taken),
    'template ANY ANY {',
    '    rcode NXDOMAIN',
    `    authority "${SOA}"`,
    '}',
  ];
}

function addressRule({ hostname, addresses }: DnsName, type: 'A' | 'AAAA'): readonly string[] {
  const own = addresses.filter((address) => address.includes(':') === (type === 'AAAA')).slice(0, MAX_ADDRESSES);
  if (own.length === 0) return [];
  return [
    `template IN ${type} {`,
    `    match ^${patternOf(hostname)}$`,
    ...own.map((address) => `    answer "{{ .Name }} ${TTL_SECONDS} IN ${type} ${address}"`),
    '    fallthrough',
    '}',
  ];
}

/** A name that is there, or above one that is, has no records of other types; it is not unknown. */
function existenceRule(names: readonly DnsName[]): readonly string[] {
  const known = new Set(names.flatMap(({ hostname }) => [hostname, ...above(hostname)]));
  if (known.size === 0) return [];
  const patterns = [...known].sort().map(patternOf);
  const chunks = Array.from({ length: Math.ceil(patterns.length / NAMES_IN_PATTERN) }, (_, i) =>
    patterns.slice(i * NAMES_IN_PATTERN, (i + 1) * NAMES_IN_PATTERN),
  );
  return [
    'template IN ANY {',
    ...chunks.map((chunk) => `    match ^(${chunk.join('|')})$`),
    `    authority "${SOA}"`,
    '    fallthrough',
    '}',
  ];
}

function above(hostname: string): readonly string[] {
  const labels = hostname.split('.');
  return labels.slice(1).map((_, i) => labels.slice(i + 1).join('.'));
}

/** CoreDNS compares lower-case names with a dot at their end. */
function patternOf(hostname: string): string {
  const escaped = hostname.replace(/^\*\./, '').replaceAll('.', '\\.');
  return `${hostname.startsWith('*.') ? '.+\\.' : ''}${escaped}\\.`;
}
