import type { Certificate, HttpRequest, SocketName, Stream } from './payload.ts';

/** How a caller's connection comes to the proxy where a walk starts. */
export type Via =
  /** By the proxy's `http_proxy` listener: absolute-form requests, CONNECT for everything else. */
  | { readonly kind: 'http-proxy'; readonly listener: SocketName }
  /** Redirected by the kernel to this port; the listener is told the original destination. */
  | { readonly kind: 'intercepted'; readonly redirectedTo: number }
  /** Straight to a socket of the proxy. */
  | { readonly kind: 'direct' };

/** A call that somebody makes. */
export interface Call {
  readonly kind: 'http' | 'tcp';
  readonly via: Via;
  /** Where it is dialled; with an `http_proxy` only the port counts, and the name is the host. */
  readonly destination: SocketName;
  /** The Host header; for CONNECT and server names too. */
  readonly host: string;
  readonly method?: string;
  /** With the query. `/` unless set. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly version?: HttpRequest['version'];
  /** TLS of the caller itself, before any proxy adds its own. */
  readonly tls?: CallTls;
  /** The caller's address; 127.0.0.1 unless set. */
  readonly source?: SocketName;
}

export interface CallTls {
  /** The host without its port unless set. */
  readonly sni?: string;
  readonly alpn?: readonly string[];
  /** What the caller presents: mutual TLS. */
  readonly certificate?: Certificate;
}

/** The bytes that the caller sends. */
export function streamOf(call: Call): Stream {
  const inner = protectedStream(call);
  const tunnelled = call.via.kind === 'http-proxy' && (call.kind === 'tcp' || call.tls !== undefined);
  if (!tunnelled) return inner;
  const authority = call.host.includes(':') ? call.host : `${call.host}:${call.destination.port}`;
  const request: HttpRequest = {
    method: 'CONNECT',
    scheme: 'http',
    authority,
    path: '',
    headers: {},
    version: 'http/1.1',
    tunnel: inner,
  };
  return { tls: [], payload: { kind: 'http', request } };
}

function protectedStream(call: Call): Stream {
  const payload = payloadOf(call);
  if (!call.tls) return { tls: [], payload };
  const { sni = call.host.replace(/:\d+$/, ''), alpn = defaultAlpn(call), certificate } = call.tls;
  return { tls: [{ sni, alpn, refuses: () => undefined, ...(certificate ? { certificate } : {}) }], payload };
}

function payloadOf(call: Call): Stream['payload'] {
  if (call.kind === 'tcp') return { kind: 'tcp' };
  return {
    kind: 'http',
    request: {
      method: call.method ?? 'GET',
      scheme: call.tls ? 'https' : 'http',
      authority: call.host,
      path: call.path ?? '/',
      headers: Object.fromEntries(
        Object.entries(call.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      version: call.version ?? 'http/1.1',
    },
  };
}

function defaultAlpn(call: Call): readonly string[] {
  if (call.kind === 'tcp') return [];
  return call.version === 'h2' ? ['h2', 'http/1.1'] : ['http/1.1'];
}
