import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { type WatchEvent, watchEvents } from './watch-events.ts';

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

async function read(parts: readonly Buffer[]): Promise<readonly WatchEvent[]> {
  const events: WatchEvent[] = [];
  for await (const some of watchEvents(Readable.from(parts), 1_000)) events.push(...some);
  return events;
}

function fails(text: string, expected: Partial<ApiError>): Promise<void> {
  return assert.rejects(read([Buffer.from(text)]), (error) => {
    assert.ok(error instanceof ApiError);
    for (const [key, value] of Object.entries(expected)) assert.equal(error[key as keyof ApiError], value);
    return true;
  });
}

test('law: however a watch is cut into pieces, its events are the same', async () => {
  const names = fc.array(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(names, fc.array(fc.nat(400), { maxLength: 12 }), async (list, cuts) => {
      const whole = Buffer.from(list.map((name) => line('ADDED', { metadata: { name } })).join(''));
      const at = [0, ...cuts.map((cut) => cut % whole.length).sort((a, b) => a - b), whole.length];
      const parts = at.slice(1).map((end, index) => whole.subarray(at[index], end));
      const events = await read(parts);
      assert.deepEqual(
        events.map((event) => event.kind === 'set' && event.object.metadata.name),
        list,
      );
    }),
  );
});

test('deletions and bookmarks are told apart from objects', async () => {
  const end = { metadata: { resourceVersion: '7', annotations: { 'k8s.io/initial-events-end': 'true' } } };
  const events = await read([
    Buffer.from(
      line('DELETED', { metadata: { name: 'a' } }) +
        line('BOOKMARK', { metadata: { resourceVersion: '5' } }) +
        line('BOOKMARK', end),
    ),
  ]);
  assert.deepEqual(events, [
    { kind: 'deleted', object: { metadata: { name: 'a' } } },
    { kind: 'bookmark', version: '5', endsListing: false },
    { kind: 'bookmark', version: '7', endsListing: true },
  ]);
});

test('an ERROR event is an ApiError with what the server says', async () => {
  const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version: 1 (5)' };
  await fails(line('ERROR', status), { status: 410, reason: 'Expired' });
  await fails(line('ERROR', { code: 504, reason: 'Timeout', details: { retryAfterSeconds: 2 } }), {
    retryAfterMs: 2_000,
  });
  await fails(line('ERROR', undefined), { status: 500 });
});

test('what is no event is an error that repeats nothing of it', async () => {
  for (const text of ['{"type":"ADDED","object":{"data":"hush"\n', 'null\n', line('ADDED', {}), line('GREETING', {})]) {
    await fails(text, { reason: 'InvalidAnswer' });
  }
  await assert.rejects(read([Buffer.from('hush\n')]), (error) => !String(error).includes('hush'));
});

test('a line without end is not kept for ever', async () => {
  const part = Buffer.alloc(1024 * 1024, 'x');
  await assert.rejects(read(Array.from({ length: 20 }, () => part)), /over 16777216 bytes/);
});

test('a silent watch is given up', async () => {
  const stream = new PassThrough();
  stream.write(line('ADDED', { metadata: { name: 'a' } }));
  const events: WatchEvent[] = [];
  const reading = (async () => {
    for await (const some of watchEvents(stream, 30)) events.push(...some);
  })();
  await assert.rejects(reading, (error) => error instanceof ApiError && error.reason === 'Silent');
  assert.equal(events.length, 1);
  assert.ok(stream.destroyed);
});
