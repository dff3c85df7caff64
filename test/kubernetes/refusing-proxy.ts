import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type ApiServer, createApiServer } from '../../src/kubernetes-api/index.ts';
import type { TestApiServer } from './api-server.ts';

/** What a request is answered with in place of the server's answer. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RefusingProxy {
  /** A client that goes through it, as the administrator. */
  readonly api: ApiServer;
  close(): Promise<void>;
}

/** Passes requests on to a real API server but for those that the test wants refused, as an overloaded or an old server does. */
export async function startRefusingProxy(
  server: TestApiServer,
  refuse: (url: URL) => Refusal | undefined,
): Promise<RefusingProxy> {
  const proxy = createServer((incoming, outgoing) => {
    const refusal = refuse(new URL(incoming.url ?? '/', 'http://proxy'));
    if (refusal) answer(outgoing, refusal);
    else pass(incoming, outgoing, server);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const api = createApiServer({ url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, tls: {} });
  return {
    api,
    close: async () => {
      api.close();
      proxy.close();
      proxy.closeAllConnections();
      await once(proxy, 'close');
    },
  };
}

function answer(outgoing: ServerResponse, { status, reason, headers }: Refusal): void {
  outgoing.writeHead(status, { 'content-type': 'application/json', ...headers });
  outgoing.end(
    JSON.stringify({ kind: 'Status', status: 'Failure', code: status, reason, message: `refused: ${reason}` }),
  );
}

function pass(incoming: IncomingMessage, outgoing: ServerResponse, server: TestApiServer): void {
  const onward = request(
    new URL(incoming.url ?? '/', server.url),
    {
      ca: server.ca,
      method: incoming.method ?? 'GET',
      headers: { authorization: `Bearer ${server.adminToken}` },
      agent: false,
    },
    (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      outgoing.flushHeaders();
      response.pipe(outgoing);
      response.on('error', () => outgoing.destroy());
    },
  );
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
