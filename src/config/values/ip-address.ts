const BYTE = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const IPV4 = new RegExp(`^${BYTE}(?:\\.${BYTE}){3}$`);

/** Is it an IPv4 address in dotted form, or an IPv6 address (RFC 4291, section 2.2) without a zone? */
export function isIpAddress(text: string): boolean {
  return IPV4.test(text) || isIpv6(text);
}

/** Is it an address with a prefix length (`10.0.0.0/8`)? */
export function isCidrBlock(text: string): boolean {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  if (!match) return false;
  const [, address = '', length = ''] = match;
  if (IPV4.test(address)) return Number(length) <= 32;
  return isIpv6(address) && Number(length) <= 128;
}

function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const count = halves.map(countGroups);
  if (count.includes(undefined)) return false;
  const sum = count.reduce((total: number, part) => total + (part ?? 0), 0);
  return halves.length === 2 ? sum <= 7 : sum === 8;
}

/** How many 16-bit groups the text is; a trailing IPv4 address is two. */
function countGroups(text: string): number | undefined {
  if (text === '') return 0;
  const groups = text.split(':');
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(group)) count += 1;
    else if (index === groups.length - 1 && IPV4.test(group)) count += 2;
    else return undefined;
  }
  return count;
}
