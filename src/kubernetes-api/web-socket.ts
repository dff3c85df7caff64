import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import { ApiError, unusable } from './api-error.ts';
import type { ApiAccess } from './api-server.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
/** One message of a stream; kubelets cut theirs at 32 KiB. */
const MAX_MESSAGE_BYTES = 4 * 1024 * 1024;

export interface WebSocketOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  /** Subprotocols, the best first: `v5.channel.k8s.io`. */
  readonly protocols: readonly string[];
  /** How long the handshake may take, in milliseconds; 15,000 unless given. */
  readonly timeoutMs?: number;
}

export interface WebSocketTarget {
  /** Where it is, with path and query and no credential: `wss://10.0.0.1:6443/api/...`. */
  readonly url: string;
  readonly tls: ApiAccess['tls'];
  /** Goes into a header: addresses are logged on their way. */
  readonly token: string | undefined;
  readonly protocols: readonly string[];
  readonly timeoutMs?: number | undefined;
  /** What the server answered instead of opening the socket. */
  readonly refusal: (answer: IncomingMessage) => Promise<ApiError>;
}

/**
 * Opens a WebSocket (RFC 6455) to an API server. It is paused until somebody listens and resumes it, so that no first
 * message is lost. The library is loaded here and not before: most commands need none.
 * @throws ApiError what the server answered instead, or why it could not be asked.
 */
export async function openWebSocket(target: WebSocketTarget): Promise<WebSocket> {
  const { WebSocket: Socket } = await import('ws');
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  const server = new URL(target.url).origin.replace(/^ws/, 'http');
  let socket: WebSocket;
  try {
    socket = new Socket(target.url, [...target.protocols], {
      ...target.tls,
      headers: target.token ? { authorization: `Bearer ${target.token}` } : {},
      handshakeTimeout: target.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      maxPayload: MAX_MESSAGE_BYTES,
      perMessageDeflate: false,
      followRedirects: false,
    });
  } catch (error) {
    throw unusable(server, error);
  }
  socket.once('open', () => {
    socket.pause();
    resolve(socket);
  });
  socket.once('unexpected-response', (_request, answer: IncomingMessage) => {
    target.refusal(answer).then(reject, reject);
  });
  // Stays for the life of the socket: an error after the handshake is followed by `close`, which is listened to.
  socket.on('error', (error: NodeJS.ErrnoException) => {
    reject(
      new ApiError(`${server} opens no stream: ${error.message}`, {
        status: 0,
        reason: error.code ?? error.name,
        cause: error,
      }),
    );
  });
  return await promise;
}

/** Query parameters, those with several values repeated. */
export function formatWebSocketQuery(query: WebSocketOptions['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined
      ? []
      : (Array.isArray(value) ? value : [value]).map((each) => [key, String(each)] as [string, string]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
