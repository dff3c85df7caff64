import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from './settings.ts';

test('the log level is that of the scopes that are not named, in the words of Istio', () => {
  const levelOf = (text: string): string => readSettings({ LOG_LEVEL: text }).logLevel;
  const given = ['', 'debug', 'default:warn', 'default:info,ads:debug', 'ads:debug,default:error', 'ads:debug', 'none'];
  assert.deepEqual(given.map(levelOf), ['info', 'debug', 'warn', 'info', 'error', 'info', 'silent']);
  assert.equal(levelOf('all:debug'), 'debug');
  assert.throws(() => levelOf('loud'), /^Error: LOG_LEVEL is "loud"; levels are none, debug, info/);
});

test('a time after which clusters are lost that is none is refused: they would be lost at once', () => {
  const lostAfterMs = (text: string): number => readSettings({ REMOTE_CLUSTER_LOST_AFTER_SECONDS: text }).lostAfterMs;
  assert.deepEqual(['', '60', '2073600'].map(lostAfterMs), [3_600_000, 60_000, 2_073_600_000]);
  for (const odd of ['1h', '0', '-5', '1.5', '2073601', '99999999']) {
    assert.throws(() => lostAfterMs(odd), /REMOTE_CLUSTER_LOST_AFTER_SECONDS is/);
  }
});
