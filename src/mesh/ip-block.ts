/** An IP address as a number, so that spellings of one address are equal (RFC 4291: `::1` is `0:0:0:0:0:0:0:1`). */
interface ParsedAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A block of addresses (`10.0.0.0/8`). */
export interface IpBlock extends ParsedAddress {
  /** How many leading bits count. */
  readonly length: number;
}

function parseIpv4(text: string): bigint | undefined {
  const bytes = text.split('.');
  if (bytes.length !== 4) return undefined;
  let value = 0;
  for (const byte of bytes) {
    if (!/^\d{1,3}$/.test(byte) || Number(byte) > 255) return undefined;
    value = value * 256 + Number(byte);
  }
  return BigInt(value);
}

/** Groups of 16 bits; a trailing IPv4 address is two of them. */
function parseGroups(text: string): readonly bigint[] | undefined {
  if (text === '') return [];
  const groups: bigint[] = [];
  for (const group of text.split(':')) {
    const ipv4 = group.includes('.') ? parseIpv4(group) : undefined;
    if (ipv4 !== undefined) groups.push(ipv4 >> 16n, ipv4 & 0xffffn);
    else if (/^[0-9a-f]{1,4}$/i.test(group)) groups.push(BigInt(`0x${group}`));
    else return undefined;
  }
  return groups;
}

function parseIpv6(text: string): bigint | undefined {
  const [head = '', tail, more] = text.split('::');
  if (more !== undefined) return undefined;
  const before = parseGroups(head);
  const after = parseGroups(tail ?? '');
  if (!before || !after) return undefined;
  const missing = 8 - before.length - after.length;
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const zeros = Array.from({ length: missing }, () => 0n);
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | group, 0n);
}

function parseAddress(text: string): ParsedAddress | undefined {
  const bits = text.includes(':') ? 128 : 32;
  const value = bits === 128 ? parseIpv6(text) : parseIpv4(text);
  return value === undefined ? undefined : { bits, value };
}

/** One key for all spellings of an address. @returns undefined for what is no single IP address. */
export function addressKey(text: string): string | undefined {
  if (!text.includes(':')) return parseIpv4(text) === undefined ? undefined : text;
  const value = parseIpv6(text);
  return value === undefined ? undefined : `[${value.toString(16)}]`;
}

/** @returns undefined for what is no block, a single address too. */
export function parseBlock(text: string): IpBlock | undefined {
  const [start = '', length = '', more] = text.split('/');
  const address = parseAddress(start);
  if (!address || more !== undefined || !/^\d{1,3}$/.test(length) || Number(length) > address.bits) return undefined;
  return { ...address, length: Number(length) };
}

export function blockContains(block: IpBlock, address: string): boolean {
  const parsed = parseAddress(address);
  if (parsed?.bits !== block.bits) return false;
  const rest = BigInt(block.bits - block.length);
  return parsed.value >> rest === block.value >> rest;
}
