import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastWords } from './last-words.ts';

const TIME = '2026-01-01T00:00:00.000Z';

test('what Envoy said last is told, without the stack trace that follows it', () => {
  const assertion = `${TIME}\tcritical\tenvoy assert x.cc:25\tassert failure: inotify_fd_ >= 0`;
  const log = [
    `${TIME}\tinfo\tenvoy main x.cc:1\tstarting`,
    assertion,
    `${TIME}\terror\tenvoy envoy_bug ./x.h:60\tstacktrace for envoy bug`,
    `${TIME}\tcritical\tenvoy backtrace ./x.h:173\tCaught Aborted`,
    '[pelagos] proxy ended (signal SIGABRT; it is started again in 100 ms)',
    '',
  ].join('\n');
  assert.equal(lastWords(log).split('\n').at(-1), assertion);
});

test('long lines are cut, and only the last lines are told', () => {
  const words = lastWords(['one', 'two', 'x'.repeat(5_000), 'four'].join('\n')).split('\n');
  assert.deepEqual([words.length, words[0], words[1]?.length, words[2]], [3, 'two', 301, 'four']);
  assert.equal(lastWords(''), '');
});

test('an earlier run is not told', () => {
  const note = '[pelagos] proxy ended (exit code 1; it is started again in 100 ms)';
  assert.equal(lastWords(['port taken', note, 'port taken', note, ''].join('\n')), 'port taken');
  assert.equal(lastWords(['port taken', note, 'other'].join('\n')), 'other');
});
