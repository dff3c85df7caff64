/*
 * MurmurHash3_x86_128 (Austin Appleby, public domain), of which the first 64 bits are used. It tells versions of a
 * resource apart, for which two equal hashes in 2^32 resources are expected once; it is no defence against someone
 * who searches for collisions, and nothing trusts it for that: who can choose a body only harms their own resource.
 */

/** The four running words of the hash. */
type State = [number, number, number, number];

const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;

/** A short text of 16 hexadecimal digits that is equal for equal bytes. */
export function contentHash(bytes: Uint8Array): string {
  const state: State = [0, 0, 0, 0];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tail = bytes.length & ~15;
  mixBlocks(state, view, tail);
  mixTail(state, bytes, tail);
  finish(state, bytes.length);
  return hex(state[0]) + hex(state[1]);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

function mixBlocks(state: State, view: DataView, end: number): void {
  let [h1, h2, h3, h4] = state;
  for (let at = 0; at < end; at += 16) {
    h1 ^= Math.imul(rotate(Math.imul(view.getInt32(at, true), C1), 15), C2);
    h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotate(Math.imul(view.getInt32(at + 4, true), C2), 16), C3);
    h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotate(Math.imul(view.getInt32(at + 8, true), C3), 17), C4);
    h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotate(Math.imul(view.getInt32(at + 12, true), C4), 18), C1);
    h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
  }
  state[0] = h1;
  state[1] = h2;
  state[2] = h3;
  state[3] = h4;
}

/** The last bytes, fewer than 16, as words filled up with zeros; words of nothing but zeros change nothing. */
function mixTail(state: State, bytes: Uint8Array, start: number): void {
  const word = (at: number): number =>
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  state[3] ^= Math.imul(rotate(Math.imul(word(start + 12), C4), 18), C1);
  state[2] ^= Math.imul(rotate(Math.imul(word(start + 8), C3), 17), C4);
  state[1] ^= Math.imul(rotate(Math.imul(word(start + 4), C2), 16), C3);
  state[0] ^= Math.imul(rotate(Math.imul(word(start), C1), 15), C2);
}

function finish(state: State, length: number): void {
  let [h1, h2, h3, h4] = state.map((word) => word ^ length) as State;
  h1 = (h1 + h2 + h3 + h4) | 0;
  h2 = (h2 + h1) | 0;
  h3 = (h3 + h1) | 0;
  h4 = (h4 + h1) | 0;
  h1 = avalanche(h1);
  h2 = avalanche(h2);
  h3 = avalanche(h3);
  h4 = avalanche(h4);
  h1 = (h1 + h2 + h3 + h4) | 0;
  state[0] = h1;
  state[1] = (h2 + h1) | 0;
}

function avalanche(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
