import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { streamEncode } from 'dns-packet';
import type { ApiServer } from '../../kubernetes-api/index.ts';
import { waitForName } from './resolved-names.ts';

const POD = { metadata: { name: 'coredns-1' }, status: { phase: 'Running' } };

/** A pod of the DNS whose answer comes over the tunnel in these parts, all at once; then it closes. */
function dnsThatAnswers(parts: readonly Buffer[]): ApiServer {
  const socket = Object.assign(new EventEmitter(), {
    resume: () => undefined,
    pause: () => undefined,
    terminate: () => undefined,
    send: (_data: Buffer, _options: object, done: () => void) => {
      done();
      setImmediate(() => {
        // Each message begins with its channel, the first one of a channel with the port as well.
        parts.forEach((part, index) => {
          socket.emit('message', Buffer.concat([Buffer.from(index === 0 ? [0, 53, 0] : [0]), part]));
        });
        socket.emit('close');
      });
    },
  });
  return { get: async () => ({ items: [POD] }), webSocket: async () => socket } as unknown as ApiServer;
}

const FOUND = streamEncode({
  type: 'response',
  id: 1,
  questions: [{ type: 'A', name: 'a.cluster2' }],
  answers: [{ type: 'A', name: 'a.cluster2', data: '240.0.0.1' }],
});

test('an answer that comes in several parts at once is read whole', async () => {
  assert.equal(await waitForName(dnsThatAnswers([FOUND]), 'a.cluster2', 0), 'resolved');
  const parts = [FOUND.subarray(0, 1), FOUND.subarray(1, 9), FOUND.subarray(9)];
  assert.equal(await waitForName(dnsThatAnswers(parts), 'a.cluster2', 0), 'resolved');
});

test('a connection that ends before its answer is not waited for', async () => {
  const startMs = performance.now();
  assert.equal(await waitForName(dnsThatAnswers([FOUND.subarray(0, 9)]), 'a.cluster2', 0), 'unknown');
  assert.ok(performance.now() - startMs < 2_000);
});
