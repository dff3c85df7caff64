import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Questions to a control plane are short. */
const MAX_BODY_BYTES = 64 * 1024;

/** Listens for plain HTTP. @returns the server with its port. @throws where the address cannot be bound. */
export async function listenHttp(
  at: { readonly address: string; readonly port: number },
  listener: RequestListener,
): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, listener);
  server.maxConnections = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at.port, at.address, resolve);
  });
  return { server, port: (server.address() as AddressInfo).port };
}

/** @returns undefined where the body is over the limit. */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number = MAX_BODY_BYTES,
): Promise<string | undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBytes) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Ends a server with the connections that it has. */
export async function closeHttp(server: Server | undefined): Promise<void> {
  if (!server) return;
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
