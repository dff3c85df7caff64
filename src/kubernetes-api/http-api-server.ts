import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions as RequestOptionsOfNode,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import type { WebSocket } from 'ws';
import { readAll, readRefusal } from './answer.ts';
import { ApiError, unusable } from './api-error.ts';
import type { ApiAccess, ApiServer, RequestOptions } from './api-server.ts';
import { formatWebSocketQuery, openWebSocket, type WebSocketOptions } from './web-socket.ts';

const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_MAX_BYTES = 256 * 1024 * 1024;
/** A peer that is gone without a word is noticed by TCP after some probes of this interval. */
const KEEP_ALIVE_MS = 15_000;

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
    return await this.#whole({ ...options, method: 'GET', path });
  }

  async stream(path: string, options: RequestOptions = {}): Promise<Readable> {
    const deadlineMs = Date.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    return await this.#call({ ...options, method: 'GET', path }, deadlineMs);
  }

  async webSocket(path: string, options: WebSocketOptions): Promise<WebSocket> {
    const { origin, pathname } = this.#base;
    const where = pathname.replace(/\/$/, '') + path;
    return await openWebSocket({
      url: origin.replace(/^http/, 'ws') + where + formatWebSocketQuery(options.query),
      tls: this.#access.tls,
      token: await this.#token(),
      protocols: options.protocols,
      timeoutMs: options.timeoutMs,
      refusal: (answer) => readRefusal(answer, `${this.url} answered GET ${path}`, Date.now() + DEFAULT_TIMEOUT_MS),
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json<T>(call: Call): Promise<T> {
    const text = await this.#whole(call);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      const message = `${this.url} answered ${call.method} ${call.path} with what is no JSON`;
      throw new ApiError(message, { status: 0, reason: 'InvalidAnswer', cause: error });
    }
  }

  /** The time-out is for all of it. */
  async #whole(call: Call): Promise<string> {
    const deadlineMs = Date.now() + (call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
    const answer = await this.#call(call, deadlineMs);
    return await readAll(answer, { maxBytes: call.maxBytes ?? DEFAULT_MAX_BYTES, deadlineMs });
  }

  /** @returns the answer with its head read. */
  async #call(call: Call, deadlineMs: number): Promise<IncomingMessage> {
    const token = await this.#token();
    const answer = await this.#answer(call, token);
    const status = answer.statusCode ?? 0;
    if (status >= 200 && status < 300) return answer;
    throw await readRefusal(answer, `${this.url} answered ${call.method} ${call.path}`, deadlineMs);
  }

  async #token(): Promise<string | undefined> {
    try {
      return await this.#access.token?.();
    } catch (error) {
      const message = `there is no token for ${this.url}: ${error instanceof Error ? error.message : String(error)}`;
      throw new ApiError(message, { status: 0, reason: 'NoToken', cause: error });
    }
  }

  async #answer(call: Call, token: string | undefined): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const body =
      call.body === undefined ? undefined : typeof call.body === 'string' ? call.body : JSON.stringify(call.body);
    const request = this.#request({
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
    const late = Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'Timeout' });
    const timer = setTimeout(() => request.destroy(late), timeoutMs);
    request.on('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    let isAnswered = false;
    request.on('response', (response) => {
      clearTimeout(timer);
      isAnswered = true;
      resolve(response);
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      // Whoever reads the body is told by it.
      if (isAnswered) return;
      // The server had closed the idle connection that this was sent on: it has not seen the request.
      if (call.method === 'GET' && request.reusedSocket && error.code === 'ECONNRESET') {
        resolve(this.#answer(call, token));
        return;
      }
      const message = `${this.url} does not answer ${call.method} ${call.path}: ${error.message}`;
      reject(new ApiError(message, { status: 0, reason: error.code ?? error.name, cause: error }));
    });
    request.end(body);
    return await promise;
  }

  #request(options: RequestOptionsOfNode): ClientRequest {
    try {
      return (this.#base.protocol === 'http:' ? httpRequest : httpsRequest)(options);
    } catch (error) {
      throw unusable(this.url, error);
    }
  }
}

function formatQuery(query: RequestOptions['query']): string {
  const pairs = Object.entries(query ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, String(value)] as [string, string]],
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
