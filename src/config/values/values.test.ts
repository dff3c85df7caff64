import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDurationMs } from './duration.ts';
import { checkHeaderValue } from './header.ts';
import { checkDnsName, checkWildcardName } from './host-name.ts';
import { isCidrBlock, isIpAddress } from './ip-address.ts';
import { checkLabel } from './labels.ts';
import { checkRegex } from './regex.ts';
import { parseUrl } from './url.ts';

test('durations are milliseconds', () => {
  const cases: readonly [string, number | undefined][] = [
    ['1s', 1000],
    ['1.5s', 1500],
    ['1h30m', 5_400_000],
    ['100us', 0.1],
    ['-2ms', -2],
    ['0', 0],
    ['0s', 0],
    ['1', undefined],
    ['1d', undefined],
    ['', undefined],
    ['s', undefined],
  ];
  for (const [text, expected] of cases) assert.equal(parseDurationMs(text), expected, text);
});

test('addresses', () => {
  for (const text of ['1.2.3.4', '::1', '::', '001:db8::', '2001:db8::1:2', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'])
    assert.ok(isIpAddress(text), text);
  for (const text of ['1.2.3', '256.1.1.1', '01.2.3.4', 'a.b.c.d', '1::2::3', '12345::', '1:2:3:4:5:6:7', ''])
    assert.ok(!isIpAddress(text), text);
  for (const text of ['10.0.0.0/8', '::/0', '2001:db8::/32']) assert.ok(isCidrBlock(text), text);
  for (const text of ['10.0.0.0/33', '10.0.0.0', 'x/8', '10.0.0.0/08', '::/129']) assert.ok(!isCidrBlock(text), text);
});

test('host names', () => {
  for (const text of ['a', 'a.b', 'a.b.', 'A-1.b']) assert.equal(checkDnsName(text), undefined, text);
  for (const text of ['', '*.a', 'a..b', '-a', 'a_b', '1.2.3.4', `${'a'.repeat(64)}.b`, 'a.'.repeat(128)])
    assert.ok(checkDnsName(text), text);
  for (const text of ['*', '*.a', '*a.b', '*-a.b', 'a.b']) assert.equal(checkWildcardName(text), undefined, text);
  for (const text of ['a.*', 'a*.b', '*.*', '']) assert.ok(checkWildcardName(text), text);
});

test('labels', () => {
  assert.equal(checkLabel('app.kubernetes.io/name', 'web_1.0'), undefined);
  assert.equal(checkLabel('app', ''), undefined);
  for (const [key, value] of [
    ['', 'a'],
    ['.', 'a'],
    ['a/b/c', 'a'],
    ['A.B/c', 'a'],
    ['app', '~'],
    ['app', 'x'.repeat(64)],
  ] as const)
    assert.ok(checkLabel(key, value), key);
});

test('regular expressions as RE2 has them', () => {
  for (const text of ['^/a/.*$', '(?i)abc', '(?P<name>x)', '[[:alpha:]]+', '\\d{1,3}', '\\_', 'a\\.b'])
    assert.equal(checkRegex(text), undefined, text);
  for (const text of ['', '[', '(a', 'a(?=b)', '(?<!a)b', '(a)\\1', '*', 'x'.repeat(1025)])
    assert.ok(checkRegex(text), text);
});

test('URLs', () => {
  assert.deepEqual(parseUrl('https://example.com:8443/a'), { scheme: 'https', host: 'example.com:8443' });
  assert.deepEqual(parseUrl('file:///a/b'), { scheme: 'file', host: '' });
  for (const text of ['', 'example.com', 'a b', 'http://a%zz', 'http://[::1', 'mailto:x'])
    assert.equal(parseUrl(text), undefined, text);
});

test('values of headers that Envoy would refuse', () => {
  for (const text of ['', 'a', '%HOSTNAME%', '100%%', 'x %REQ(:AUTHORITY):10% y'])
    assert.equal(checkHeaderValue(text), undefined, text);
  for (const text of ['abc%123', '%START_TIME%%', 'a\nb', '%']) assert.ok(checkHeaderValue(text), text);
});
