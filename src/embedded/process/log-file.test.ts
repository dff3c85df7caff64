import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { delayAfter } from './back-off.ts';
import { openLog, rotateLog, tailOfLog } from './log-file.ts';

test('a log over its size is moved away under the process that writes it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pelagos-log-'));
  try {
    const path = join(folder, 'deep', 'app.log');
    const file = openLog(path);
    writeSync(file, 'first\nsecond\n');
    assert.equal(rotateLog(path, 100), false);
    assert.equal(rotateLog(path, 5), true);
    writeSync(file, 'third\n');
    closeSync(file);
    assert.equal(readFileSync(path, 'utf8'), 'third\n');
    assert.equal(readFileSync(`${path}.1`, 'utf8'), 'first\nsecond\n');
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(tailOfLog(`${path}.1`, 1), 'second');
    assert.equal(tailOfLog(join(folder, 'none'), 1), '');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the first restart comes at once, later ones wait twice as long each time, up to a bound', () => {
  const backOff = { initialMs: 1_000, maxMs: 30_000, resetAfterMs: 60_000 };
  assert.deepEqual(
    [1, 2, 3, 4, 7, 8, 1_000].map((ends) => delayAfter(backOff, ends)),
    [100, 1_000, 2_000, 4_000, 30_000, 30_000, 30_000],
  );
});
