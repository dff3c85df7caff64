/**
 * The part of ASN.1 DER (ITU-T X.690) that X.509 certificates need. Pure: bytes in, bytes out.
 * The writer makes every form in its one canonical encoding; the reader walks bytes that OpenSSL has already accepted.
 */

const TEXT = new TextEncoder();

/** Encodes one value: tag, definite length in the fewest bytes, contents. */
export function derValue(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const lengthBytes = derLength(length);
  let offset = 1 + lengthBytes.length;
  const bytes = new Uint8Array(offset + length);
  bytes[0] = tag;
  bytes.set(lengthBytes, 1);
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [0x80 | digits.length, ...digits];
}

export function derSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return derValue(0x30, ...parts);
}

/** A SET of one member: a set of several needs its members sorted, which no name we write has. */
export function derSetOfOne(member: Uint8Array): Uint8Array {
  return derValue(0x31, member);
}

export function derNull(): Uint8Array {
  return derValue(0x05);
}

export function derBoolean(value: boolean): Uint8Array {
  return derValue(0x01, Uint8Array.of(value ? 0xff : 0));
}

/** A non-negative INTEGER, given as big-endian bytes: without leading zeros but for the one that keeps it positive. */
export function derUnsigned(bigEndian: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bigEndian.length - 1 && bigEndian[start] === 0) start++;
  const digits = bigEndian.length === 0 ? Uint8Array.of(0) : bigEndian.subarray(start);
  return (digits[0] ?? 0) >= 0x80 ? derValue(0x02, Uint8Array.of(0), digits) : derValue(0x02, digits);
}

export function derOctetString(...parts: readonly Uint8Array[]): Uint8Array {
  return derValue(0x04, ...parts);
}

/** @param unusedBits how many low bits of the last byte do not belong to the string (0 to 7). */
export function derBitString(bytes: Uint8Array, unusedBits = 0): Uint8Array {
  return derValue(0x03, Uint8Array.of(unusedBits), bytes);
}

export function derUtf8(text: string): Uint8Array {
  return derValue(0x0c, TEXT.encode(text));
}

/** An OBJECT IDENTIFIER from its dotted form (`2.5.29.17`). */
export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest].flatMap((arc) => {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift(0x80 | (left & 0x7f));
    return digits;
  });
  return derValue(0x06, Uint8Array.from(bytes));
}

/** UTCTime until 2049 and GeneralizedTime from 2050 on (RFC 5280, 4.1.2.5), in whole seconds, cut off. */
export function derTime(epochMs: number): Uint8Array {
  const digits = new Date(epochMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '');
  const utc = digits < '2050';
  return derValue(utc ? 0x17 : 0x18, TEXT.encode(utc ? digits.slice(2) : digits));
}

/** One value as the reader sees it. */
export interface DerElement {
  readonly tag: number;
  /** Tag, length and contents. */
  readonly whole: Uint8Array;
  readonly contents: Uint8Array;
}

/**
 * Splits the contents of a constructed value into its members.
 * @throws RangeError where a length runs past the end or is longer than four bytes.
 */
export function readDer(bytes: Uint8Array): readonly DerElement[] {
  const elements: DerElement[] = [];
  let start = 0;
  while (start < bytes.length) {
    const tag = bytes[start] ?? 0;
    const first = bytes[start + 1] ?? 0;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4) throw new RangeError('DER length has more than four bytes');
    const from = start + 2 + lengthBytes;
    const length = first < 0x80 ? first : bytes.subarray(start + 2, from).reduce((sum, byte) => sum * 256 + byte, 0);
    const end = from + length;
    if (end > bytes.length) throw new RangeError('DER value runs past the end');
    elements.push({ tag, whole: bytes.subarray(start, end), contents: bytes.subarray(from, end) });
    start = end;
  }
  return elements;
}
