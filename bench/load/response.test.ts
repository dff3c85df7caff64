import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentile } from '../percentile.ts';
import { headerOf, parseResponse } from './response.ts';

const LENGTH = 'HTTP/1.1 200 OK\r\nX-Bench: 7 \r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'HTTP/1.1 503 No\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=1\r\n world\r\n0\r\n\r\n';
const TRAILERS = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nt: 1\r\n\r\n';

test('answers are read by length and by chunks, and end where the next begins', () => {
  fc.assert(
    fc.property(fc.constantFrom(LENGTH, CHUNKED, TRAILERS), fc.string({ maxLength: 20 }), (text, next) => {
      const answer = parseResponse(Buffer.from(`${text}${next}`, 'latin1'));
      assert.equal(answer?.end, text.length);
    }),
  );
  assert.equal(parseResponse(Buffer.from(LENGTH))?.body.toString(), 'hello');
  const chunked = parseResponse(Buffer.from(CHUNKED));
  assert.equal(chunked?.body.toString(), 'hello world');
  assert.equal(chunked?.status, 503);
});

test('no beginning of an answer is taken for a whole one', () => {
  for (const text of [LENGTH, CHUNKED, TRAILERS]) {
    for (let length = 0; length < text.length; length++) {
      assert.equal(parseResponse(Buffer.from(text.slice(0, length))), undefined, `${length} bytes of ${text}`);
    }
  }
});

test('what is no answer is refused', () => {
  assert.throws(() => parseResponse(Buffer.from('SSH-2.0-x\r\n\r\n')), /no answer/);
  assert.throws(() => parseResponse(Buffer.from('HTTP/1.1 200 OK\r\n\r\n')), /length/);
});

test('headers are found whatever their case, without blanks around', () => {
  assert.equal(headerOf(LENGTH, 'x-bench'), '7');
  assert.equal(headerOf(LENGTH, 'x-other'), undefined);
});

test('percentiles are by the nearest rank', () => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(samples, 0.5), 50);
  assert.equal(percentile(samples, 0.99), 99);
  assert.equal(percentile([3], 0.99), 3);
  assert.ok(Number.isNaN(percentile([], 0.5)));
});
