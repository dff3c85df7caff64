import { isIP } from 'node:net';

/** Which traffic goes through the proxy, in the words of annotations and values: lists with commas, `*` for all. */
export interface RedirectTexts {
  readonly includeOutboundIPRanges: string;
  readonly excludeOutboundIPRanges: string;
  readonly includeInboundPorts: string;
  readonly excludeInboundPorts: string;
  readonly includeOutboundPorts: string;
  readonly excludeOutboundPorts: string;
  readonly kubevirtInterfaces: string;
}

/** The same, checked. */
export interface RedirectScope {
  readonly includeOutbound: 'all' | readonly Cidr[];
  readonly excludeOutbound: readonly Cidr[];
  readonly includeInboundPorts: 'all' | readonly number[];
  readonly excludeInboundPorts: readonly number[];
  /** These go through the proxy although their address is not among the included. */
  readonly includeOutboundPorts: readonly number[];
  readonly excludeOutboundPorts: readonly number[];
  /** Interfaces of virtual machines in the pod: what comes from there is outbound. */
  readonly interfaces: readonly string[];
}

export interface Cidr {
  readonly family: 4 | 6;
  /** `10.0.0.0/8` */
  readonly text: string;
}

/** More entries than this in one list are refused: each is a rule that every connection passes. */
const MAX_ENTRIES = 256;
const MAX_TEXT = 16_384;
/** Linux: IFNAMSIZ less its end mark. */
const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,14}$/;

/** Why a text is not taken: a sentence for a person. */
export class ScopeError extends Error {
  override readonly name = 'ScopeError';
}

/** `10.0.0.0/8,fd00::/8`; an address alone is itself. @throws ScopeError. */
export function parseCidrs(text: string): readonly Cidr[] {
  return entries(text).map((entry) => {
    const [address = '', bits, more] = entry.split('/');
    const family = isIP(address);
    const length = bits === undefined ? (family === 4 ? 32 : 128) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    const longest = family === 4 ? 32 : 128;
    // A zone (`fe80::1%eth0`) is an address to Node, and none to iptables.
    if (
      (family !== 4 && family !== 6) ||
      address.includes('%') ||
      more !== undefined ||
      length < 0 ||
      length > longest
    ) {
      throw new ScopeError(`"${entry.slice(0, 60)}" is no IP address range, such as 10.0.0.0/8`);
    }
    return { family, text: `${address}/${length}` };
  });
}

/** `80,8080`. @throws ScopeError. */
export function parsePorts(text: string): readonly number[] {
  return entries(text).map((entry) => {
    const port = /^\d{1,5}$/.test(entry) ? Number(entry) : 0;
    if (port < 1 || port > 65_535) throw new ScopeError(`"${entry.slice(0, 60)}" is no port from 1 to 65535`);
    return port;
  });
}

/** `eth1,net1`. @throws ScopeError. */
export function parseInterfaces(text: string): readonly string[] {
  return entries(text).map((entry) => {
    if (!INTERFACE.test(entry)) throw new ScopeError(`"${entry.slice(0, 60)}" is no name of a network interface`);
    return entry;
  });
}

/** @throws ScopeError where one of the texts is not understood. */
export function parseRedirectScope(texts: RedirectTexts): RedirectScope {
  return {
    includeOutbound: orAll(texts.includeOutboundIPRanges, parseCidrs),
    excludeOutbound: parseCidrs(texts.excludeOutboundIPRanges),
    includeInboundPorts: orAll(texts.includeInboundPorts, parsePorts),
    excludeInboundPorts: parsePorts(texts.excludeInboundPorts),
    includeOutboundPorts: parsePorts(texts.includeOutboundPorts),
    excludeOutboundPorts: parsePorts(texts.excludeOutboundPorts),
    interfaces: parseInterfaces(texts.kubevirtInterfaces),
  };
}

function orAll<T>(text: string, parse: (text: string) => readonly T[]): 'all' | readonly T[] {
  return text.trim() === '*' ? 'all' : parse(text);
}

function entries(text: string): readonly string[] {
  if (text.length > MAX_TEXT) throw new ScopeError(`a list of ${text.length} characters is too long`);
  const parts = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > MAX_ENTRIES)
    throw new ScopeError(`a list of ${parts.length} entries is too long: ${MAX_ENTRIES} at most`);
  return parts;
}
