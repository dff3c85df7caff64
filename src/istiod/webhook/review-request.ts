/** Requests of API servers to webhooks, read with limits, and their answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';

/** An object may have 1.5 MiB in etcd (its limit on requests); a review has it, and the old one, with some words around. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;
/** The API server waits ten seconds. */
const BODY_TIMEOUT_MS = 9_000;

export type ReviewBody =
  | { readonly kind: 'read'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly problem: string };

/** The body as JSON. Rejects where the connection breaks off. */
export async function readReview(request: IncomingMessage): Promise<ReviewBody> {
  if (request.method !== 'POST') return { kind: 'refused', status: 405, problem: 'Only POST is answered here.' };
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return { kind: 'refused', status: 415, problem: 'The content must be application/json.' };
  }
  const parts: Buffer[] = [];
  let size = 0;
  request.setTimeout(BODY_TIMEOUT_MS, () => request.destroy(new Error('the request did not come in time')));
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BODY_BYTES) return { kind: 'refused', status: 413, problem: `More than ${MAX_BODY_BYTES} bytes.` };
    parts.push(part);
  }
  try {
    return { kind: 'read', value: JSON.parse(Buffer.concat(parts).toString('utf8')) };
  } catch {
    return { kind: 'refused', status: 400, problem: 'The content is no JSON.' };
  }
}

export function answerReview(response: ServerResponse, review: object): void {
  const text = JSON.stringify(review);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** An HTTP error: the webhook's failure policy decides then. */
export function refuseReview(response: ServerResponse, status: number, problem: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`${problem}\n`);
}
