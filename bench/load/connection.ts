import { connect, type Socket } from 'node:net';
import { type HttpAnswer, parseResponse } from './response.ts';

const TIMEOUT_MS = 10_000;

/**
 * One connection that is kept alive, with one request on it at a time. It does as little as can be, so that what is
 * measured is the path and not this client: Node's own HTTP client costs several times as much.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer | undefined;
  #waiting: { readonly resolve: (answer: HttpAnswer) => void; readonly reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setTimeout(TIMEOUT_MS, () => this.#fail(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /** @param authority `127.1.1.1:8080`. */
  static open(authority: string): Promise<HttpConnection> {
    const { hostname, port } = new URL(`http://${authority}`);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port || 80) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
    });
  }

  /** @throws Error where the connection ends first, and on every call after that. */
  send(request: Buffer): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(data: Buffer): void {
    this.#received = this.#received ? Buffer.concat([this.#received, data]) : data;
    try {
      const answer = parseResponse(this.#received);
      if (!answer) return;
      this.#received = answer.end < this.#received.length ? this.#received.subarray(answer.end) : undefined;
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(answer);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#socket.destroy();
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}

/** Where a GET of this URL goes: to the host itself, or in absolute form to the proxy (RFC 9112, section 3.2.2). */
export interface Call {
  /** Whom to connect to. */
  readonly authority: string;
  readonly request: Buffer;
}

/** @param proxy `http://127.1.1.1:15001`; without one the URL's own host is called. */
export function callOf(url: string, proxy?: string): Call {
  const { host, pathname, search } = new URL(url);
  const target = proxy === undefined ? `${pathname}${search}` : url;
  const text = `GET ${target} HTTP/1.1\r\nhost: ${host}\r\nuser-agent: pelagos-bench\r\n\r\n`;
  return { authority: proxy === undefined ? host : new URL(proxy).host, request: Buffer.from(text, 'latin1') };
}
