/** The names of a certificate; the signature chain is not part of a simulation. */
export interface Certificate {
  readonly uris: readonly string[];
  readonly dnsNames: readonly string[];
}

/** One TLS session as its client offers it. */
export interface TlsOffer {
  readonly sni: string;
  /** In the client's order of preference (RFC 7301). */
  readonly alpn: readonly string[];
  /** What the client presents; undefined for plain TLS. */
  readonly certificate?: Certificate;
  /** Checks the server's certificate; gives the reason for a refusal. */
  readonly refuses: (server: Certificate | undefined) => string | undefined;
}

export interface HttpRequest {
  readonly method: string;
  readonly scheme: 'http' | 'https';
  /** The Host header or `:authority`, with its port where the client sends one. */
  readonly authority: string;
  /** With the query; empty for CONNECT. */
  readonly path: string;
  /** Lower-case names; several values of one name are joined by a comma (RFC 9110 section 5.3). */
  readonly headers: Readonly<Record<string, string>>;
  readonly version: 'http/1.1' | 'h2';
  /** What goes through the tunnel once a CONNECT is accepted. */
  readonly tunnel?: Stream;
}

export type Payload = { readonly kind: 'http'; readonly request: HttpRequest } | { readonly kind: 'tcp' };

/** The bytes on a connection: TLS sessions from the outermost to the innermost, and what they protect. */
export interface Stream {
  readonly tls: readonly TlsOffer[];
  readonly payload: Payload;
}

export interface SocketName {
  readonly address: string;
  readonly port: number;
}

/** A connection as it reaches a proxy. */
export interface Connection {
  /** The address that was dialled; the original one where the connection was redirected. */
  readonly destination: SocketName;
  readonly source: SocketName;
  readonly stream: Stream;
  /** Filter state that an internal connection brings along (Envoy: shared_with_upstream). */
  readonly filterState: ReadonlyMap<string, string>;
}

export const NO_FILTER_STATE: ReadonlyMap<string, string> = new Map();
