import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ApiError, type ApiServer, createApiServer } from './index.ts';

/** Answers as no healthy API server would: what the client makes of it is the question. */
async function serve(t: TestContext, listener: RequestListener, host = '127.0.0.1'): Promise<[ApiServer, Server]> {
  const server = createServer(listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const api = createApiServer({
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    tls: {},
    token: async () => 'secret-token',
  });
  t.after(async () => {
    api.close();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return [api, server];
}

function fails(call: Promise<unknown>, expected: Partial<ApiError>): Promise<void> {
  return assert.rejects(call, (error) => {
    assert.ok(error instanceof ApiError);
    for (const [key, value] of Object.entries(expected)) assert.equal(error[key as keyof ApiError], value);
    assert.doesNotMatch(error.message, /secret-token/);
    return true;
  });
}

test('a refusal carries what Kubernetes says: the status, the reason, the message and when to come again', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' });
    response.end(JSON.stringify({ kind: 'Status', reason: 'TooManyRequests', message: 'not now' }));
  });
  await fails(api.get('/api/v1/pods'), { status: 429, reason: 'TooManyRequests', retryAfterMs: 7_000 });
  await assert.rejects(api.get('/api/v1/pods'), /answered GET \/api\/v1\/pods with 429: not now/);
});

test('a refusal that is no Status is told as it is, and a date in Retry-After is passed over', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.writeHead(503, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }).end('<html>upstream down</html>');
  });
  await fails(api.send('POST', '/x', {}), { status: 503, reason: '503', retryAfterMs: undefined });
  await assert.rejects(api.get('/x'), /upstream down/);
});

test('no head of an answer in time is a Timeout', async (t) => {
  const [api] = await serve(t, () => undefined);
  await fails(api.get('/slow', { timeoutMs: 50 }), { status: 0, reason: 'Timeout' });
});

test('the time-out of a request is for its whole answer, that of a stream for the head only', async (t) => {
  const [api] = await serve(t, (request, response) => {
    response.write('{"half":');
    if (request.url === '/stream') setTimeout(() => response.end('true}'), 150);
  });
  await fails(api.get('/half', { timeoutMs: 50 }), { status: 0, reason: 'Timeout' });
  const stream = await api.stream('/stream', { timeoutMs: 50 });
  let text = '';
  for await (const part of stream) text += String(part);
  assert.equal(text, '{"half":true}');
});

test('an answer whose connection ends in the middle is an error, not a short answer', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"items":[');
    setTimeout(() => response.destroy(), 20);
  });
  await fails(api.get('/broken'), { status: 0, reason: 'BrokenOff' });
  const stream = await api.stream('/broken');
  await assert.rejects(stream.toArray());
});

test('an answer over the limit is not read to its end', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.end('x'.repeat(2_000));
  });
  await fails(api.text('/large', { maxBytes: 1_000 }), { reason: 'TooLarge' });
});

test('what is no JSON is an error that says so', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.end('ok');
  });
  await fails(api.get('/healthz'), { status: 0, reason: 'InvalidAnswer' });
  assert.equal(await api.text('/healthz'), 'ok');
});

test('a server that is not there, and a token that cannot be had, are ApiErrors too', async (t) => {
  const [api, server] = await serve(t, (_, response) => {
    response.end('{}');
  });
  await api.get('/warm');
  api.close();
  server.close();
  server.closeAllConnections();
  await fails(api.get('/gone'), { status: 0, reason: 'ECONNREFUSED' });
  server.listen(0);
  const unable = createApiServer({ url: api.url, tls: {}, token: () => Promise.reject(new Error('no file')) });
  await fails(unable.get('/x'), { status: 0, reason: 'NoToken' });
});

test('an idle connection that the server has closed meanwhile costs no request', async (t) => {
  let served = 0;
  const [api, server] = await serve(t, (request, response) => {
    served++;
    // The next request on this connection is answered by a reset.
    request.socket.once('data', () => request.socket.resetAndDestroy());
    response.end('{}');
  });
  server.keepAliveTimeout = 0;
  await api.get('/first');
  await api.get('/second');
  assert.ok(served >= 2);
});

test('an abort ends the request and the stream', async (t) => {
  const [api] = await serve(t, (_, response) => {
    response.write('a');
  });
  const stop = new AbortController();
  const stream = await api.stream('/watch', { signal: stop.signal });
  const read = stream.toArray();
  stop.abort();
  await assert.rejects(read);
});

test('IPv6 addresses, a path before the API and the query arrive as they should', async (t) => {
  const seen: string[] = [];
  const [api] = await serve(
    t,
    (request, response) => {
      seen.push(`${request.headers.host?.replace(/:\d+$/, '')} ${request.url}`);
      response.end('{}');
    },
    '::1',
  );
  await api.get('/api/v1/pods', { query: { limit: 5, watch: true, labelSelector: 'a in (b,c)', continue: undefined } });
  const behind = createApiServer({ url: `${api.url}/k8s/clusters/c1/`, tls: {} });
  t.after(() => behind.close());
  await behind.get('/version');
  assert.deepEqual(seen, [
    '[::1] /api/v1/pods?limit=5&watch=true&labelSelector=a+in+%28b%2Cc%29',
    '[::1] /k8s/clusters/c1/version',
  ]);
});

test('credentials that Node itself refuses are an ApiError like any other, without them', async () => {
  const broken = '-----BEGIN CERTIFICATE-----\nsecret-token\n-----END CERTIFICATE-----';
  const byCertificate = createApiServer({ url: 'https://127.0.0.1:1', tls: { cert: broken, key: 'secret-token' } });
  const byToken = createApiServer({ url: 'http://127.0.0.1:1', tls: {}, token: async () => 'secret-token\n' });
  await fails(byCertificate.get('/x'), { status: 0, reason: 'InvalidCredentials' });
  await fails(byToken.stream('/x'), { status: 0, reason: 'InvalidCredentials' });
  const protocols = ['v4.channel.k8s.io'];
  await fails(byToken.webSocket('/x', { protocols }), { status: 0, reason: 'InvalidCredentials' });
});
