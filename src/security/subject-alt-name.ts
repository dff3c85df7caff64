import { derSequence, derValue } from './der.ts';
import { SecurityError } from './security-error.ts';

/** A name that a certificate vouches for (RFC 5280, 4.2.1.6). */
export type SubjectAltName =
  | { readonly kind: 'uri'; readonly uri: string }
  | { readonly kind: 'dns'; readonly name: string }
  | { readonly kind: 'ip'; readonly address: string };

/** RFC 1035: a host name in bytes. */
const MAX_DNS_NAME_BYTES = 253;
/** One wildcard label at most, and only in front (RFC 6125, 6.4.3). Underscores appear in real host names. */
const DNS_NAME =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/;

/**
 * The value of a subjectAltName extension (GeneralNames).
 * @throws SecurityError `subject-alt-name-invalid` where there is no name, or one is no DNS name or IP address.
 */
export function encodeSubjectAltNames(names: readonly SubjectAltName[]): Uint8Array {
  if (names.length === 0) throw nameError('A certificate without any name was asked for.');
  return derSequence(...names.map(encodeName));
}

function encodeName(name: SubjectAltName): Uint8Array {
  switch (name.kind) {
    case 'uri':
      return derValue(0x86, new TextEncoder().encode(name.uri));
    case 'dns':
      if (name.name.length > MAX_DNS_NAME_BYTES || !DNS_NAME.test(name.name)) {
        throw nameError(`${JSON.stringify(name.name.slice(0, 80))} is not a DNS name.`);
      }
      return derValue(0x82, new TextEncoder().encode(name.name));
    case 'ip': {
      const bytes = parseIpAddress(name.address);
      if (!bytes) throw nameError(`${JSON.stringify(name.address.slice(0, 80))} is not an IP address.`);
      return derValue(0x87, bytes);
    }
  }
}

/**
 * The 4 or 16 bytes of an IPv4 or IPv6 address (RFC 4291, 2.2, with `::` and a dotted tail).
 * @returns undefined where the text is none. Zones (`%eth0`) mean nothing in a certificate and are refused.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) {
    return undefined;
  }
  return Uint8Array.from(parts.map(Number));
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [front, back] = halves.map((half) => parseIpv6Groups(half));
  if (!front) return undefined;
  if (halves.length === 1) return front.length === 16 ? Uint8Array.from(front) : undefined;
  if (!back || front.length + back.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(front);
  bytes.set(back, 16 - back.length);
  return bytes;
}

function parseIpv6Groups(half: string): readonly number[] | undefined {
  if (half === '') return [];
  const groups = half.split(':');
  const bytes: number[] = [];
  for (const [index, group] of groups.entries()) {
    const dotted = index === groups.length - 1 && group.includes('.') ? parseIpv4(group) : undefined;
    if (dotted) bytes.push(...dotted);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group))
      bytes.push(Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff);
    else return undefined;
  }
  return bytes;
}

function nameError(what: string): SecurityError {
  return new SecurityError('subject-alt-name-invalid', {
    what,
    why: 'Clients accept a certificate only for the names that stand in it.',
    remedy: 'Give host names and IP addresses as they are dialled, without port or zone.',
  });
}
