/** A numeric IP address. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** @returns undefined where the text is no IPv4 or IPv6 address (RFC 4291 section 2.2). */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0n;
  for (const part of parts) {
    if (!/^\d{1,3}$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256n + BigInt(part);
  }
  return { bits: 32, value };
}

function parseIpv6(text: string): IpAddress | undefined {
  const [head = '', tail, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const first = groupsOf(head);
  const last = tail === undefined ? [] : groupsOf(tail);
  if (!first || !last) return undefined;
  const missing = 8 - first.length - last.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...first, ...new Array<number>(missing).fill(0), ...last];
  return { bits: 128, value: groups.reduce((value, group) => value * 65536n + BigInt(group), 0n) };
}

function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const embedded = index === parts.length - 1 && part.includes('.') ? parseIpv4(part) : undefined;
    if (embedded) groups.push(Number(embedded.value >> 16n), Number(embedded.value & 0xffffn));
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return groups;
}

/** Envoy's CidrRange: an absent length is 0, which covers every address of that family. */
export interface CidrRange {
  readonly addressPrefix: string;
  readonly prefixLen?: number | undefined;
}

/** The length of the prefix where the range covers the address, else undefined: longer is more specific. */
export function coverage(range: CidrRange, address: IpAddress): number | undefined {
  const prefix = parseIp(range.addressPrefix);
  if (!prefix || prefix.bits !== address.bits) return undefined;
  const length = Math.min(range.prefixLen ?? 0, prefix.bits);
  const shift = BigInt(prefix.bits - length);
  return prefix.value >> shift === address.value >> shift ? length : undefined;
}

export function inAnyRange(ranges: readonly CidrRange[], text: string): boolean {
  const address = parseIp(text);
  return address !== undefined && ranges.some((range) => coverage(range, address) !== undefined);
}

/** What Envoy takes for a loopback address: 127.0.0.1 and ::1 alone, not the whole of 127.0.0.0/8. */
export function isLoopback(text: string): boolean {
  const address = parseIp(text);
  return address?.value === (address?.bits === 32 ? 0x7f000001n : 1n);
}

/** 0.0.0.0 and `::`: a listener there takes every address. */
export function isWildcardAddress(text: string): boolean {
  return parseIp(text)?.value === 0n;
}
