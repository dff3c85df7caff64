import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { callerOf } from './caller.ts';
import type { EchoSelf } from './echo-settings.ts';

export type EchoRequest = IncomingMessage | Http2ServerRequest;
export type EchoResponse = ServerResponse | Http2ServerResponse;

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const MAX_DELAY_MS = 60_000;
const HEALTH_PATH = '/healthz';

/** What a request asks of its answer: `?status=503`, `?delay=100ms`. */
export interface EchoWish {
  readonly status: number;
  readonly delayMs: number;
}

/** @returns in words what is wrong with a wish. */
export function parseEchoWish(path: string): EchoWish | string {
  const at = path.indexOf('?');
  const query = new URLSearchParams(at < 0 ? '' : path.slice(at + 1));
  const status = query.get('status') ?? '200';
  if (!/^[2-5]\d\d$/.test(status)) return `status=${status}: wanted is a number from 200 to 599`;
  const delay = query.get('delay') ?? '0ms';
  const [, amount = '', unit = ''] = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s)$/.exec(delay) ?? [];
  const delayMs = Number(amount) * (unit === 's' ? 1_000 : 1);
  if (unit === '' || delayMs > MAX_DELAY_MS) return `delay=${delay}: wanted is 100ms, 1.5s, at most 60s`;
  return { status: Number(status), delayMs };
}

/** Reads the request to its end, and answers with what it was and who answers. */
export function answer(request: EchoRequest, response: EchoResponse, self: EchoSelf): void {
  let bodyBytes = 0;
  request.on('data', (part: Buffer) => {
    bodyBytes += part.length;
    if (bodyBytes > MAX_BODY_BYTES) {
      send(response, 413, { ...self, error: `the body is over ${MAX_BODY_BYTES} bytes` });
      request.destroy();
    }
  });
  request.on('error', () => response.destroy());
  request.on('end', () => {
    if (response.headersSent) return;
    const wish = parseEchoWish(request.url ?? '');
    if (typeof wish === 'string') return send(response, 400, { ...self, error: wish });
    const body = { ...self, ...describe(request, bodyBytes) };
    if (wish.delayMs === 0) send(response, wish.status, body);
    else setTimeout(() => send(response, wish.status, body), wish.delayMs);
  });
}

function describe(request: EchoRequest, bodyBytes: number): Readonly<Record<string, unknown>> {
  const { headers, socket } = request;
  const path = request.url ?? '';
  const forwarded = headers['x-forwarded-client-cert'];
  return {
    method: request.method ?? '',
    path,
    host: headers[':authority'] ?? headers.host ?? '',
    protocol: `HTTP/${request.httpVersion === '2.0' ? '2' : request.httpVersion}`,
    ...(path === HEALTH_PATH ? { status: 'ok' } : {}),
    bodyBytes,
    caller: callerOf(Array.isArray(forwarded) ? forwarded.join(',') : forwarded),
    remote: { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 },
    headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':'))),
  };
}

function send(response: EchoResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  if (response.destroyed || response.headersSent) return;
  const text = `${JSON.stringify(body)}\n`;
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  // 204 and 304 have no body (RFC 9110, sections 15.3.5 and 15.4.5).
  const hasBody = status !== 204 && status !== 304;
  const plain = response as ServerResponse;
  plain.writeHead(status, hasBody ? headers : {});
  plain.end(hasBody ? text : undefined);
}
