/** RFC 9110, section 5.1: a token. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** HTTP/2 (RFC 9113, section 8.3). */
const PSEUDO_HEADERS: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':status']);

/** Is it the name of a header? Pseudo headers are none. */
export function isHeaderName(name: string): boolean {
  return NAME.test(name);
}

/** Is it one of HTTP/2's pseudo headers? */
export function isPseudoHeader(name: string): boolean {
  return PSEUDO_HEADERS.has(name);
}

/** Is it `:authority` or `host`, which are the same thing in two versions of HTTP? */
export function isAuthorityHeader(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

/** Is it a header that configuration must not touch: a pseudo header, or `host`? */
export function isInternalHeader(name: string): boolean {
  return name.startsWith(':') || name.toLowerCase() === 'host';
}

/**
 * @returns what is wrong with the value of a header that Envoy is to set, or undefined. Envoy reads `%COMMAND(x):n%` in
 * it, and `%%` as a percent sign.
 */
export function checkHeaderValue(value: string): string | undefined {
  if ([...value].some((character) => isControl(character.codePointAt(0) ?? 0))) return 'it holds control characters';
  const rest = value.replace(/%%|%[A-Z_0-9]+(?:\([^)]*\))?(?::[^%]*)?%/g, '');
  return rest.includes('%')
    ? 'a percent sign must be doubled (%%) unless it begins a command such as %START_TIME%'
    : undefined;
}

function isControl(code: number): boolean {
  return (code < 0x20 && code !== 0x09) || code === 0x7f;
}
