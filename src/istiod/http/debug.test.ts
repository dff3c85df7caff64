import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { LogScopes } from '../../observe/index.ts';
import { debugInterface } from './debug.ts';
import { closeHttp, listenHttp } from './http-listener.ts';

async function serve(t: TestContext): Promise<{ readonly port: number; readonly scopes: LogScopes }> {
  const scopes = new LogScopes(pino({ level: 'info' }, { write: () => undefined }));
  scopes.scope('ads', 'streams of proxies');
  const views = {
    '/debug/broken': () => {
      throw new Error('no such thing');
    },
  };
  const at = { address: '127.0.0.1', port: 0 };
  const { server, port } = await listenHttp(at, debugInterface(views, scopes));
  t.after(() => closeHttp(server));
  return { port, scopes };
}

async function putLevel(port: number, level: string): Promise<number> {
  const body = JSON.stringify({ output_level: level });
  const { status } = await fetch(`http://127.0.0.1:${port}/scopej/ads`, { method: 'PUT', body });
  return status;
}

test('a view that fails is an answer, not the end of the control plane', async (t) => {
  const { port } = await serve(t);
  const answer = await fetch(`http://127.0.0.1:${port}/debug/broken`);
  assert.deepEqual([answer.status, await answer.json()], [500, { error: 'no such thing' }]);
});

test('a request that breaks off in the middle is passed over', async (t) => {
  const { port } = await serve(t);
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('PUT /scopej/ads HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{"output');
  // The server has to have begun to read before it breaks off.
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
  await once(socket, 'close');
  assert.equal(await putLevel(port, 'debug'), 202);
});

test('only levels are taken as levels', async (t) => {
  const { port, scopes } = await serve(t);
  assert.equal(await putLevel(port, 'constructor'), 400);
  assert.equal(await putLevel(port, 'loud'), 400);
  assert.equal(scopes.list()[0]?.level, 'info');
  assert.equal(await putLevel(port, 'none'), 202);
  assert.equal(scopes.list()[0]?.level, 'silent');
});
