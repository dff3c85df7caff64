import type { IncomingMessage } from 'node:http';
import { ApiError, brokenOff } from './api-error.ts';

const MAX_ERROR_BYTES = 64 * 1024;
/** No server keeps us waiting for longer. */
const MAX_RETRY_AFTER_MS = 300_000;

/**
 * Reads a whole body. @throws ApiError `TooLarge`, `BrokenOff` where the connection ends before it, or `Timeout` where it is
 * not whole at the deadline.
 * @param limits `deadlineMs` is a point in time by `Date.now()`.
 */
export async function readAll(
  answer: IncomingMessage,
  limits: { readonly maxBytes: number; readonly deadlineMs: number },
): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  const leftMs = Math.max(limits.deadlineMs - Date.now(), 0);
  const late = new ApiError('the answer did not end in time', { status: 0, reason: 'Timeout' });
  const timer = setTimeout(() => answer.destroy(late), leftMs);
  try {
    for await (const part of answer as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > limits.maxBytes) {
        throw new ApiError(`the answer is over ${limits.maxBytes} bytes`, { status: 0, reason: 'TooLarge' });
      }
      parts.push(part);
    }
  } catch (error) {
    throw brokenOff('the answer', error);
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** An answer that is no success, as an error. Kubernetes says what is wrong in an object of kind Status; others in any way. */
export async function readRefusal(answer: IncomingMessage, what: string, deadlineMs: number): Promise<ApiError> {
  const status = answer.statusCode ?? 0;
  const text = await readAll(answer, { maxBytes: MAX_ERROR_BYTES, deadlineMs }).catch(() => '');
  const { message, reason } = parseStatus(text);
  const said = message || text.trim().slice(0, 300) || (answer.statusMessage ?? '');
  return new ApiError(`${what} with ${status}: ${said}`, {
    status,
    reason: reason || String(status),
    retryAfterMs: parseRetryAfterMs(answer.headers['retry-after']),
  });
}

function parseStatus(text: string): { readonly message: string; readonly reason: string } {
  try {
    const { message, reason } = JSON.parse(text) as { readonly message?: unknown; readonly reason?: unknown };
    return { message: typeof message === 'string' ? message : '', reason: typeof reason === 'string' ? reason : '' };
  } catch {
    return { message: '', reason: '' };
  }
}

/** Seconds, the only form that API servers use (RFC 9110 knows dates as well). Bounded, since it is foreign. */
function parseRetryAfterMs(header: string | undefined): number | undefined {
  const seconds = header !== undefined && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
  return seconds === undefined ? undefined : Math.min(seconds * 1000, MAX_RETRY_AFTER_MS);
}
