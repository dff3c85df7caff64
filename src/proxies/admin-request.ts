import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import type { Duplex } from 'node:stream';

/** An Envoy that holds thousands of clusters dumps tens of megabytes; more than this is refused. */
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

export interface AdminLimits {
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
}

/** The path of a unix socket, or how a connection is opened (through a tunnel to a pod). One connection a request. */
export type AdminDial = string | (() => Promise<Duplex>);

export interface AdminRequest extends AdminLimits {
  /** Who is asked, for messages: "Envoy's admin interface". */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query: `/stats?filter=…`. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

/** One HTTP request to an interface that listens on a loopback. Rejects where nobody answers in time. */
export async function adminRequest(dial: AdminDial, ask: AdminRequest): Promise<AdminAnswer> {
  const { name, method, path, timeoutMs = DEFAULT_TIMEOUT_MS, maxBytes = DEFAULT_MAX_BYTES } = ask;
  const signal = AbortSignal.timeout(timeoutMs);
  const content = ask.body === undefined ? undefined : Buffer.from(JSON.stringify(ask.body));
  const headers = content ? { 'content-type': 'application/json', 'content-length': content.length } : {};
  try {
    const way = await wayTo(dial, signal);
    const { promise, resolve, reject } = Promise.withResolvers<AdminAnswer>();
    const call = request({ ...way, host: 'localhost', method, path, headers, signal });
    call.on('response', (response) => collect(response, { name, path, maxBytes }).then(resolve, reject));
    call.on('error', reject);
    call.end(content);
    try {
      return await promise;
    } finally {
      // Envoy itself keeps the connection for a second after its answer, and a tunnel to a pod lasts as long as it.
      call.destroy();
    }
  } catch (error) {
    const isLate = error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError');
    throw isLate ? new Error(`${name} did not answer ${path} within ${timeoutMs} ms`) : error;
  }
}

/** What Node's client needs to get there; a stream that opens after the time is over is closed again. */
async function wayTo(dial: AdminDial, signal: AbortSignal): Promise<RequestOptions> {
  if (typeof dial === 'string') return { socketPath: dial, agent: false };
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  const opening = dial();
  opening.then((stream) => signal.aborted && stream.destroy()).catch(() => undefined);
  const stream = await Promise.race([opening, promise]);
  return { createConnection: () => stream };
}

async function collect(
  response: IncomingMessage,
  limit: { readonly name: string; readonly path: string; readonly maxBytes: number },
): Promise<AdminAnswer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limit.maxBytes) throw new Error(`${limit.name} answers ${limit.path} with over ${limit.maxBytes} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') };
}
