import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runUntilStopped } from './discovery.ts';

interface Run {
  readonly told: string[];
  stop(): void;
  readonly ended: Promise<void>;
}

function run(start: (attempt: number) => Promise<void>): Run {
  const told: string[] = [];
  const stopped = Promise.withResolvers<string>();
  let attempts = 0;
  const ended = runUntilStopped({
    start: async () => {
      attempts += 1;
      await start(attempts);
      return { stop: async () => void told.push('stop') };
    },
    stopped: stopped.promise,
    log: {
      info: (_fields: unknown, text?: string) => void told.push(text ?? ''),
      error: (_fields: unknown, text?: string) => void told.push(text ?? ''),
    },
  });
  return { told, ended, stop: () => stopped.resolve('SIGTERM') };
}

test('it starts again until it can, and ends what it has started', async () => {
  const running = run(async (attempt) => {
    if (attempt === 1) throw new Error('no API server');
    setImmediate(() => running.stop());
  });
  await running.ended;
  assert.deepEqual(running.told, ['istiod cannot start yet', 'istiod stops', 'stop']);
});

test('a signal ends it while a start hangs', async () => {
  const running = run(() => new Promise(() => undefined));
  running.stop();
  await running.ended;
  assert.deepEqual(running.told, ['istiod stops']);
});

test('a signal ends it between two tries', async () => {
  const running = run(async () => {
    setImmediate(() => running.stop());
    throw new Error('no API server');
  });
  await running.ended;
  assert.deepEqual(running.told, ['istiod cannot start yet', 'istiod stops']);
});
