/** One answer of HTTP/1.1. */
export interface HttpAnswer {
  readonly status: number;
  /** Status line and headers, as they came. */
  readonly head: string;
  readonly body: Buffer;
  /** Where the next answer of the same bytes begins. */
  readonly end: number;
}

const MAX_HEAD_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * Reads one whole answer from the beginning of the bytes (RFC 9112): by content-length, or chunked. Answers that last
 * until the connection closes are refused, as nothing here sends them.
 * @returns undefined where there is less than a whole answer. @throws Error where it is none.
 */
export function parseResponse(bytes: Buffer): HttpAnswer | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) {
    if (bytes.length > MAX_HEAD_BYTES) throw new Error(`the headers of an answer are over ${MAX_HEAD_BYTES} bytes`);
    return undefined;
  }
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  if (status === 0) throw new Error(`this is no answer of HTTP/1.1: ${head.slice(0, 100)}`);
  const bodyStart = headEnd + 4;
  if (/^transfer-encoding:.*chunked/im.test(head)) return readChunks(bytes, { status, head, bodyStart });
  const length = Number(headerOf(head, 'content-length') ?? Number.NaN);
  if (status === 204 || status === 304) return { status, head, body: bytes.subarray(0, 0), end: bodyStart };
  if (!(length >= 0 && length <= MAX_BODY_BYTES)) throw new Error('an answer tells no acceptable length of its body');
  const end = bodyStart + length;
  return bytes.length < end ? undefined : { status, head, body: bytes.subarray(bodyStart, end), end };
}

/** The first header of that name. @param name in lower case, without characters that are special in patterns. */
export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'im').exec(head)?.[1]?.replace(/\r$/, '');
}

interface Head {
  readonly status: number;
  readonly head: string;
  readonly bodyStart: number;
}

function readChunks(bytes: Buffer, { status, head, bodyStart }: Head): HttpAnswer | undefined {
  const parts: Buffer[] = [];
  let at = bodyStart;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const text = /^[0-9a-f]{1,7}(?=;|$)/i.exec(bytes.toString('latin1', at, lineEnd))?.[0];
    if (text === undefined) throw new Error('a chunk of an answer tells no acceptable size');
    const size = Number.parseInt(text, 16);
    const start = lineEnd + 2;
    if (start + size - bodyStart > MAX_BODY_BYTES) throw new Error(`a body is over ${MAX_BODY_BYTES} bytes`);
    if (bytes.length < start + size + 2) return undefined;
    // Without trailers, the last chunk is followed by one empty line; with them, by theirs first.
    if (size === 0) {
      const end =
        bytes.toString('latin1', start, start + 2) === '\r\n' ? start + 2 : bytes.indexOf('\r\n\r\n', start) + 4;
      return end < start + 2 ? undefined : { status, head, body: Buffer.concat(parts), end };
    }
    parts.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
