import type { Readable } from 'node:stream';
import { ApiError, brokenOff } from '../api-error.ts';
import type { KubernetesObject } from '../api-server.ts';

/** One line of a watch (Kubernetes API concepts, Efficient detection of changes). */
export type WatchEvent =
  | { readonly kind: 'set'; readonly object: KubernetesObject }
  | { readonly kind: 'deleted'; readonly object: KubernetesObject }
  /** All up to this version was told; the last of the objects that were there at the start, where it says so. */
  | { readonly kind: 'bookmark'; readonly version: string; readonly endsListing: boolean };

/** An object has 3 MiB at most (the limit of requests to an API server). */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const END_OF_LISTING = 'k8s.io/initial-events-end';
const NEWLINE = 0x0a;

/**
 * The events of a watch, as many at a time as came at a time. Ends where the server ends the watch.
 * @param idleMs so long without a byte means that nobody is there any more: servers send a bookmark every minute.
 * @throws ApiError for an ERROR event, a line that is none, or a connection that broke off.
 */
export async function* watchEvents(stream: Readable, idleMs: number): AsyncGenerator<readonly WatchEvent[]> {
  const silent = new ApiError(`the watch was silent for ${idleMs} ms`, { status: 0, reason: 'Silent' });
  let timer = setTimeout(() => stream.destroy(silent), idleMs);
  const lines = new LineBuffer();
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      clearTimeout(timer);
      const events = lines.take(chunk).map(parseEvent);
      if (events.length > 0) yield events;
      timer = setTimeout(() => stream.destroy(silent), idleMs);
    }
  } catch (error) {
    throw brokenOff('the watch', error);
  } finally {
    clearTimeout(timer);
    stream.destroy();
  }
}

/** Cuts what comes in pieces of any size into lines. */
class LineBuffer {
  #parts: Buffer[] = [];
  #size = 0;

  /** @returns the lines that are whole now. @throws ApiError where one grows beyond the limit. */
  take(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const rest = chunk.subarray(start, end);
      const line = this.#parts.length === 0 ? rest : Buffer.concat([...this.#parts, rest]);
      this.#parts = [];
      this.#size = 0;
      if (line.length > 0) lines.push(line.toString('utf8'));
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#parts.push(chunk.subarray(start));
      this.#size += chunk.length - start;
    }
    if (this.#size > MAX_LINE_BYTES) {
      throw new ApiError(`a line of a watch has over ${MAX_LINE_BYTES} bytes`, { status: 0, reason: 'TooLarge' });
    }
    return lines;
  }
}

function parseEvent(line: string): WatchEvent {
  const { type, object } = parseLine(line);
  const metadata = object?.metadata;
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
      if (object && metadata?.name) return { kind: 'set', object };
      break;
    case 'DELETED':
      if (object && metadata?.name) return { kind: 'deleted', object };
      break;
    case 'BOOKMARK': {
      const version = metadata?.resourceVersion;
      if (version) return { kind: 'bookmark', version, endsListing: metadata.annotations?.[END_OF_LISTING] === 'true' };
      break;
    }
    case 'ERROR':
      throw errorOf(object);
  }
  throw unreadable(line);
}

function parseLine(line: string): { readonly type?: string; readonly object?: KubernetesObject } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    throw unreadable(line);
  }
}

/** The text of an object may be a secret: it is not repeated. */
function unreadable(line: string): ApiError {
  const message = `a watch sent a line of ${line.length} characters that is no event`;
  return new ApiError(message, { status: 0, reason: 'InvalidAnswer' });
}

/** An ERROR event carries a Status. */
function errorOf(status: unknown): ApiError {
  const { code, reason, message, details } = (status ?? {}) as {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: { readonly retryAfterSeconds?: number };
  };
  const seconds = Number(details?.retryAfterSeconds);
  return new ApiError(`the watch was ended by the server with ${code}: ${message ?? reason ?? 'no reason given'}`, {
    status: Number(code) || 500,
    reason: String(reason ?? code),
    retryAfterMs: seconds > 0 && seconds <= 300 ? seconds * 1000 : undefined,
  });
}
