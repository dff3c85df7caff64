import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applySettings, parseSetFlag, SetFlagError } from './set-flag.ts';

function set(text: string, tree: Readonly<Record<string, unknown>> = {}): unknown {
  return applySettings(tree, parseSetFlag(text));
}

test('paths go into maps and lists', () => {
  const cases: readonly (readonly [text: string, tree: unknown])[] = [
    ['profile=demo', { profile: 'demo' }],
    ['values.global.meshID=mesh1', { values: { global: { meshID: 'mesh1' } } }],
    ['a[0].b=1,a[1].b=2', { a: [{ b: 1 }, { b: 2 }] }],
    ['a.[name:x].b=1', { a: [{ name: 'x', b: 1 }] }],
    ['a[5]=1', { a: [1] }],
    ['meshConfig.accessLogFile=/dev/stdout', { meshConfig: { accessLogFile: '/dev/stdout' } }],
    ['a\\.b.c=1', { 'a.b': { c: 1 } }],
    ['nodeSelector.kubernetes\\.io/role=x', { nodeSelector: { 'kubernetes.io/role': 'x' } }],
    ['a=b=c', { a: 'b=c' }],
  ];
  for (const [text, tree] of cases) assert.deepEqual(set(text), tree, text);
});

test('values have the type that they look like', () => {
  const cases: readonly (readonly [text: string, value: unknown])[] = [
    ['true', true],
    ['false', false],
    ['null', null],
    ['0', 0],
    ['-3', -3],
    ['0.5', 0.5],
    ['007', '007'],
    ['1.10', '1.10'],
    ['1e3', '1e3'],
    ['99999999999999999999', '99999999999999999999'],
    ['', ''],
    ['{}', []],
    ['{a,b\\,c}', ['a', 'b,c']],
    ['{1,x}', [1, 'x']],
    ['a\\,b', 'a,b'],
    ['10.0.0.0/8,172.16.0.0/12', '10.0.0.0/8,172.16.0.0/12'],
  ];
  for (const [text, value] of cases) assert.deepEqual(set(`a=${text}`), { a: value }, text);
  assert.deepEqual(set('tag=1'), { tag: '1' }, 'a tag is text');
  assert.deepEqual(set('values.meshConfig.defaultConfig.proxyMetadata.X=1'), {
    values: { meshConfig: { defaultConfig: { proxyMetadata: { X: '1' } } } },
  });
});

test('an item of a list that is there is changed, another one is added', () => {
  const tree = {
    gateways: [
      { name: 'a', on: true },
      { name: 'b', on: true },
    ],
  };
  assert.deepEqual(set('gateways[0].on=false', tree), {
    gateways: [
      { name: 'a', on: false },
      { name: 'b', on: true },
    ],
  });
  assert.deepEqual(set('gateways.[name:b].on=false', tree), {
    gateways: [
      { name: 'a', on: true },
      { name: 'b', on: false },
    ],
  });
  assert.deepEqual(set('gateways.[name:c].on=false', tree), {
    gateways: [...tree.gateways, { name: 'c', on: false }],
  });
  assert.deepEqual(tree.gateways.length, 2, 'the given tree stays as it is');
});

test('what cannot be read is refused with the reason', () => {
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ['meshConfig.accessLogFile', /has no "="/],
    ['=x', /no path/],
    ['a..b=1', /no path/],
    ['a[x]=1', /\[x\] is neither/],
    ['a[99999999]=1', /over 65536/],
    [`a=${'x'.repeat(70_000)}`, /the limit is 65536/],
    [`${'a.'.repeat(40)}a=1`, /deeper than 30/],
  ];
  for (const [text, message] of cases) {
    assert.throws(
      () => parseSetFlag(text),
      (error) => error instanceof SetFlagError && message.test(error.message),
      text.slice(0, 30),
    );
  }
});

test('no key reaches the prototype of all objects', () => {
  set('__proto__.polluted=1,constructor.prototype.polluted=1');
  assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
});
