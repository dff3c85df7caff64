import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ServerCertificate } from '../../control-plane/index.ts';

/** Answers a request if it is one of its own. @returns whether it was. Never throws. */
export type WebhookHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

/** API servers open a connection or two each and keep them. */
const MAX_CONNECTIONS = 500;
/** In milliseconds; Node waits for two minutes. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Port 15017: what API servers ask before they store an object. TLS with a certificate of the cluster's authority; whoever may
 * connect gets advice only, nothing secret and nothing kept.
 */
export class WebhookServer {
  readonly #server: Server;
  /** Those too whose handshake is not over: HTTP does not know them yet. */
  readonly #sockets = new Set<Socket>();

  constructor(certificate: ServerCertificate, handlers: readonly WebhookHandler[]) {
    const { certPem, keyPem } = certificate.pair;
    this.#server = createServer(
      {
        cert: certPem,
        key: keyPem,
        minVersion: 'TLSv1.2',
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
        requestTimeout: 30_000,
        headersTimeout: 10_000,
      },
      (request, response) => {
        if (handlers.some((handle) => handle(request, response))) return;
        response.writeHead(404, { 'content-type': 'text/plain' }).end('there are /inject and /validate\n');
      },
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    certificate.onRenewed(({ certPem: cert, keyPem: key }) => this.#server.setSecureContext({ cert, key }));
  }

  /** @returns the port. @throws where the address cannot be bound. */
  async listen(at: { readonly address: string; readonly port: number }): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(at.port, at.address, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
