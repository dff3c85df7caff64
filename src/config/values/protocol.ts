/** What Istio's API accepts as protocol of a port, in any case. */
const KNOWN: ReadonlySet<string> = new Set([
  'GRPC',
  'GRPC-WEB',
  'HBONE',
  'HTTP',
  'HTTP2',
  'HTTPS',
  'HTTP_PROXY',
  'MONGO',
  'MYSQL',
  'REDIS',
  'TCP',
  'TLS',
  'UDP',
]);

/** The names of all protocols. */
export const PROTOCOLS: readonly string[] = [...KNOWN];

/** Is it the name of a protocol? The empty text is none. */
export function isProtocol(text: string): boolean {
  return KNOWN.has(text.toUpperCase());
}

/** Is it TLS on the wire as the client sends it? */
export function isTlsProtocol(text: string): boolean {
  return ['HTTPS', 'TLS'].includes(text.toUpperCase());
}

/** Is it routed as HTTP? */
export function isHttpProtocol(text: string): boolean {
  return ['GRPC', 'GRPC-WEB', 'HTTP', 'HTTP2', 'HTTP_PROXY'].includes(text.toUpperCase());
}

/** Is it passed on as a stream of bytes? */
export function isTcpProtocol(text: string): boolean {
  return ['HTTPS', 'MONGO', 'MYSQL', 'REDIS', 'TCP', 'TLS'].includes(text.toUpperCase());
}
