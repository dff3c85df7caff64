import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { AdminClient } from './admin-client.ts';
import { adminRequest } from './admin-request.ts';

const server = createServer((call, answer) => {
  call.resume().on('end', () => answer.end(`${call.method} ${call.url} ${call.headers['content-length'] ?? '-'}`));
});
before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
after(() => server.close());

function dial(): Promise<Duplex> {
  return Promise.resolve(connect((server.address() as AddressInfo).port, '127.0.0.1'));
}

test('an interface is asked over any stream, one connection a request', async () => {
  const admin = new AdminClient(dial);
  assert.deepEqual(await admin.get('/ready'), { status: 200, body: 'GET /ready -' });
  assert.deepEqual(await admin.post('/logging?level=debug'), { status: 200, body: 'POST /logging?level=debug 0' });
  const put = { name: 'it', method: 'PUT', path: '/scopej/ads', body: { output_level: 'debug' } } as const;
  assert.equal((await adminRequest(dial, put)).body, 'PUT /scopej/ads 24');
});

test('a connection ends with its answer, although the other side keeps it', async () => {
  const keeping = new Duplex({
    allowHalfOpen: false,
    read: () => undefined,
    write(this: Duplex, _chunk, _encoding, done) {
      this.push('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok');
      done();
    },
  });
  const closed = once(keeping, 'close', { signal: AbortSignal.timeout(2_000) });
  const answer = await adminRequest(async () => keeping, { name: 'it', method: 'GET', path: '/' });
  assert.equal(answer.body, 'ok');
  await closed;
});

test('who does not answer, or cannot be reached, is told in time', async () => {
  const silent = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
  const ask = { name: 'it', method: 'GET', path: '/', timeoutMs: 40 } as const;
  await assert.rejects(
    adminRequest(async () => silent, ask),
    /it did not answer \/ within 40 ms/,
  );
  await assert.rejects(
    adminRequest(() => new Promise(() => undefined), ask),
    /it did not answer \/ within 40 ms/,
  );
  await assert.rejects(
    adminRequest(() => Promise.reject(new Error('no way')), ask),
    /no way/,
  );
  await assert.rejects(adminRequest(dial, { ...ask, maxBytes: 2 }), /with over 2 bytes/);
});
