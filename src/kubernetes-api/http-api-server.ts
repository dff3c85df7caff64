import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { ApiError } from './api-error.ts';
import type { ApiAccess, ApiServer, RequestOptions } from './api-server.ts';
import { formatWebSocketQuery, openWebSocket, type WebSocketOptions } from './web-socket.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
/** A peer that is gone without a word is noticed by TCP after some probes of this interval. */
const KEEP_ALIVE_MS = 15_000;
const MAX_ERROR_BYTES = 64 * 1024;

/** @throws TypeError where the address is no URL. */
export function createApiServer(access: ApiAccess): ApiServer {
  return new HttpApiServer(access);
}

interface Call extends RequestOptions {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

class HttpApiServer implements ApiServer {
  readonly url: string;
  readonly #access: ApiAccess;
  readonly #base: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(access: ApiAccess) {
    this.#access = access;
    this.#base = new URL(access.url);
    this.url = this.#base.origin;
    const pool = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: 64 };
    this.#agent = this.#base.protocol === 'http:' ? new HttpAgent(pool) : new HttpsAgent({ ...pool, ...access.tls });
  }

  async get<T>(path: string, options: RequestOptions = {}): Promise<T> {
    return await this.#json<T>({ ...options, method: 'GET', path });
  }

  async send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<T> {
    return await this.#json<T>({ ...options, method, path, body });
  }

  async text(path: string, options: RequestOptions = {}): Promise<string> {
    const call = { ...options, method: 'GET', path };
    return await readAll(await this.#call(call), options.maxBytes ?? DEFAULT_MAX_BYTES);
  }

  async stream(path: string, options: RequestOptions = {}): Promise<Readable> {
    return await this.#call({ ...options, method: 'GET', path });
  }

  async webSocket(path: string, options: WebSocketOptions): Promise<WebSocket> {
    const { origin, pathname } = this.#base;
    const where = pathname.replace(/\/$/, '') + path;
    return await openWebSocket({
      url: origin.replace(/^http/, 'ws') + where + formatWebSocketQuery(options.query),
      tls: this.#access.tls,
      token: await this.#access.token?.(),
      protocols: options.protocols,
      timeoutMs: options.timeoutMs,
      refusal: (answer) => this.#refusal({ method: 'GET', path }, answer, answer.statusCode ?? 0),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(call: Call): Promise<T> {
    const text = await readAll(await this.#call(call), call.maxBytes ?? DEFAULT_MAX_BYTES);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const message = `${this.url} answered ${call.method} ${call.path} with what is no JSON`;
      throw new ApiError(message, { status: 0, reason: 'InvalidAnswer', cause: error });
    }
  }

  /** @returns the answer with its head read; the time-out is over then. */
  async #call(call: Call): Promise<IncomingMessage> {
    const token = await this.#access.token?.();
    const answer = await this.#answer(call, token);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw await this.#refusal(call, answer, status);
  }

  #answer(call: Call, token: string | undefined): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const body =
      call.body === undefined ? undefined : typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
    const request = (this.#base.protocol === 'http:' ? httpRequest : httpsRequest)({
      protocol: this.#base.protocol,
      hostname: this.#base.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: this.#base.port || (this.#base.protocol === 'http:' ? 80 : 443),
      path: this.#base.pathname.replace(/\/$/, '') + call.path + formatQuery(call.query),
      method: call.method,
      agent: this.#agent,
      headers: {
        accept: 'application/json, */*',
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined
          ? {}
          : { 'content-type': call.contentType ?? 'application/json', 'content-length': Buffer.byteLength(body) }),
      },
      ...(call.signal ? { signal: call.signal } : {}),
    });
    const timeoutMs = call.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const timer = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    request.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      const message = `${this.url} does not answer ${call.method} ${call.path}: ${error.message}`;
      reject(new ApiError(message, { status: 0, reason: error.code ?? error.name, cause: error }));
    });
    request.end(body);
    return promise;
  }

  async #refusal(call: Call, answer: IncomingMessage, status: number): Promise<ApiError> {
    const text = await readAll(answer, MAX_ERROR_BYTES).catch(() => '');
    const { message, reason } = parseStatus(text);
    const said = message || text.trim().slice(0, 300) || (answer.statusMessage ?? '');
    return new ApiError(`${this.url} answered ${call.method} ${call.path} with ${status}: ${said}`, {
      status,
      reason: reason || String(status),
    });
  }
}

/** Kubernetes says what is wrong in an object of kind Status. */
function parseStatus(text: string): { readonly message: string; readonly reason: string } {
  try {
    const { message, reason } = JSON.parse(text) as { readonly message?: unknown; readonly reason?: unknown };
    return { message: typeof message === 'string' ? message : '', reason: typeof reason === 'string' ? reason : '' };
  } catch {
    return { message: '', reason: '' };
  }
}

function formatQuery(query: RequestOptions['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

async function readAll(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes)
        throw new ApiError(`the answer is over ${maxBytes} bytes`, { status: 0, reason: 'TooLarge' });
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const message = `the answer broke off: ${error instanceof Error ? error.message : String(error)}`;
    throw new ApiError(message, { status: 0, reason: 'BrokenOff', cause: error });
  }
  return Buffer.concat(parts).toString('utf8');
}
