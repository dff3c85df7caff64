import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * One encoded field of a message: tag, length and body, ready to be joined with others.
 * The brand keeps a bare message's bytes from being joined in its place.
 */
export type FramedField = Uint8Array & { readonly __brand: 'FramedField' };

/** Frames a message's bytes (or UTF-8 text) as a length-delimited field (protobuf encoding, "Length-Delimited Records"). */
export function frameField(fieldNo: number, body: Uint8Array | string): FramedField {
  const writer = new BinaryWriter().tag(fieldNo, WireType.LengthDelimited);
  const bytes = typeof body === 'string' ? writer.string(body) : writer.bytes(body);
  return bytes.finish() as Uint8Array as FramedField;
}

/** A message out of its fields, in the order given. Each byte is copied once. */
export function joinFields(fields: readonly FramedField[]): Uint8Array {
  const joined = new Uint8Array(totalLength(fields));
  copyInto(joined, 0, fields);
  return joined;
}

/** Frames a message that is given as its fields, without making the bare message first. */
export function frameJoined(fieldNo: number, fields: readonly FramedField[]): FramedField {
  const length = totalLength(fields);
  const head = new BinaryWriter().tag(fieldNo, WireType.LengthDelimited).uint32(length).finish();
  const framed = new Uint8Array(head.length + length);
  framed.set(head, 0);
  copyInto(framed, head.length, fields);
  return framed as Uint8Array as FramedField;
}

function totalLength(fields: readonly FramedField[]): number {
  let length = 0;
  for (const field of fields) length += field.length;
  return length;
}

function copyInto(target: Uint8Array, start: number, fields: readonly FramedField[]): void {
  let at = start;
  for (const field of fields) {
    target.set(field, at);
    at += field.length;
  }
}
