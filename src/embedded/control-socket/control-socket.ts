import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Fleet } from '../fleet.ts';
import { ControlError } from './control-error.ts';
import { answer } from './routes.ts';

/** Far above the largest manifest that is taken (4 MiB), with room for JSON's quoting. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const REQUEST_TIMEOUT_MS = 30_000;

/** Serves a fleet's API on a unix socket that only its owner may open. */
export class ControlSocket {
  readonly #path: string;
  readonly #server: Server;

  constructor(path: string, fleet: Fleet) {
    this.#path = path;
    this.#server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS, maxHeaderSize: 16_384 }, (request, response) => {
      void respond(fleet, request, response);
    });
    this.#server.maxConnections = 100;
  }

  /** The folder around the socket has mode 0700, so that nobody can be faster than the chmod. */
  async listen(): Promise<void> {
    await rm(this.#path, { force: true });
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, () => resolve());
    });
    await chmod(this.#path, 0o600);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    });
  }
}

async function respond(fleet: Fleet, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const body = request.method === 'POST' ? await readBody(request) : undefined;
    const { status, value } = await answer(fleet, { method: request.method ?? '', url: request.url ?? '/', body });
    send(response, status, value);
  } catch (error) {
    const known =
      error instanceof ControlError
        ? error
        : new ControlError(500, 'internal', {
            message: `the fleet could not do this: ${error instanceof Error ? error.message : String(error)}`,
            remedy: 'Look at the fleet’s own output; if it persists, end it with `pelagos down` and start it again.',
          });
    const { code, message, remedy } = known;
    send(response, known.status, { error: { code, message, remedy } });
  }
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > MAX_BODY_BYTES) {
      throw new ControlError(413, 'too-large', {
        message: `the request is larger than ${MAX_BODY_BYTES} bytes`,
        remedy: 'Apply the manifests in several parts.',
      });
    }
    parts.push(part as Buffer);
  }
  const text = Buffer.concat(parts).toString('utf8');
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new ControlError(400, 'bad-request', {
      message: 'the request’s body is no JSON',
      remedy: 'Use the pelagos command of the same version as the running fleet.',
    });
  }
}
