import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppPort } from './app-plan.ts';
import { isReadyNow, readinessCheckOf } from './readiness.ts';
import { ReadinessWatch } from './readiness-watch.ts';
import { StartGate } from './start-gate.ts';

let server: Server;
let isUp = true;
let port = 0;
before(async () => {
  server = createServer((_request, response) => response.writeHead(isUp ? 204 : 503).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
after(() => {
  server.closeAllConnections();
  server.close();
});

function ports(): readonly AppPort[] {
  return [{ port: 8080, target: 8080, name: 'http', protocol: 'http', listen: { address: '127.0.0.1', port } }];
}

test('the probe is asked at the application’s real socket, by number or by name', () => {
  const check = readinessCheckOf(
    { httpGet: { path: 'health', port: 'http' }, periodSeconds: 3, timeoutSeconds: 2 },
    ports(),
  );
  assert.deepEqual(check, {
    kind: 'http',
    target: { address: '127.0.0.1', port },
    path: '/health',
    timeoutMs: 2000,
    periodMs: 3000,
    failureThreshold: 3,
  });
  assert.equal(readinessCheckOf({ tcpSocket: { port: 8080 } }, ports())?.kind, 'tcp');
  assert.equal(readinessCheckOf(undefined, ports())?.periodMs, 0);
  assert.equal(readinessCheckOf(undefined, []), undefined);
});

test('HTTP is ready with a success, TCP with a connection', async () => {
  const [only] = ports();
  const target = only?.listen ?? { address: '', port: 0 };
  const check = { kind: 'http', target, path: '/', timeoutMs: 1000, periodMs: 0, failureThreshold: 1 } as const;
  assert.equal(await isReadyNow(check), true);
  isUp = false;
  assert.equal(await isReadyNow(check), false);
  assert.equal(await isReadyNow({ ...check, kind: 'tcp' }), true);
  assert.equal(await isReadyNow({ ...check, kind: 'tcp', target: { address: '127.0.0.1', port: 1 } }), false);
  isUp = true;
});

test('a watch tells of every change, and of nothing after its end', async () => {
  const told: boolean[] = [];
  const [only] = ports();
  const target = only?.listen ?? { address: '', port: 0 };
  const check = { kind: 'http', target, path: '/', timeoutMs: 500, periodMs: 10, failureThreshold: 2 } as const;
  const watch = new ReadinessWatch(check, (isReady) => told.push(isReady));
  const reaches = async (count: number): Promise<void> => {
    for (let tries = 0; told.length < count && tries < 300; tries++) await sleep(10);
  };
  await reaches(1);
  isUp = false;
  await reaches(2);
  isUp = true;
  await reaches(3);
  watch.stop();
  isUp = false;
  await sleep(60);
  assert.deepEqual(told, [true, false, true]);
});

test('the gate lets only so many starts be in flight, in order', async () => {
  const gate = new StartGate(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  await Promise.all(
    [1, 2, 3, 4, 5].map((id) =>
      gate.run(async () => {
        order.push(id);
        most = Math.max(most, ++running);
        await sleep(5);
        running--;
      }),
    ),
  );
  assert.deepEqual(order, [1, 2, 3, 4, 5]);
  assert.equal(most, 2);
});
