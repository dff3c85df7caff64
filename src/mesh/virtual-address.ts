/**
 * Virtual addresses: what stands in DNS for a name that no address of the network belongs to. They are of 240.0.0.0/4
 * (RFC 1112, section 4: reserved), so that they clash with nobody's, and never leave the pod that calls them: its proxy
 * takes the connection. The lower 24 bits are a hash of the name, so that every replica of every control plane gives the
 * same address without asking another; the upper eight tell names apart that have the same hash.
 */
const FIRST_BLOCK = 240;
const BLOCKS = 15;

/** All of them, for rules about addresses. */
export const VIRTUAL_ADDRESSES = '240.0.0.0/4';

/** The hash part of a name's address: `1.2.3`. Must never change: addresses stand in caches while versions are mixed. */
export function addressHash(name: string): string {
  // FNV-1a of 32 bits, mixed once more (the finalizer of MurmurHash3), because names differ in their last letters only.
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash ^= hash >>> 16;
  return `${(hash >>> 16) & 255}.${(hash >>> 8) & 255}.${hash & 255}`;
}

/**
 * @param rank how many known names with the same hash come before this one.
 * @returns undefined where more names clash than there are blocks.
 */
export function formatVirtualAddress(hash: string, rank: number): string | undefined {
  return rank < BLOCKS ? `${FIRST_BLOCK + rank}.${hash}` : undefined;
}

/** @returns undefined for an address that is not virtual. */
export function parseVirtualAddress(address: string): { readonly hash: string; readonly rank: number } | undefined {
  const match = /^(24\d|25[0-4])\.(\d{1,3}\.\d{1,3}\.\d{1,3})$/.exec(address);
  return match ? { hash: match[2] ?? '', rank: Number(match[1]) - FIRST_BLOCK } : undefined;
}

/** Does it stand for a name, so that there is nobody at it? */
export function isVirtualAddress(address: string): boolean {
  return parseVirtualAddress(address) !== undefined;
}
