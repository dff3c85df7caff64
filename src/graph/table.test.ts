import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Graph, GraphError, type Index, type Query, structuralEqual, type Table } from './index.ts';

interface Pod {
  readonly app: string;
  readonly zones: readonly string[];
}

let graph: Graph;
let pods: Table<Pod>;
let byZone: Index<Pod>;
let runs: string[];

beforeEach(() => {
  graph = new Graph();
  pods = graph.table<Pod>('pods', { equal: structuralEqual });
  byZone = pods.index('zone', ({ zones }) => zones);
  runs = [];
});

function watched<V>(name: string, compute: (key: string) => V, key = ''): Query<V> {
  const query = graph.query(name, (key) => {
    runs.push(name);
    return compute(key);
  });
  graph.watch(query, key, () => {});
  runs = [];
  return query;
}

/** The queries that ran because of the change. */
function ranAfter(change: () => void): readonly string[] {
  runs = [];
  graph.batch(change);
  return runs.toSorted();
}

const pod = (app: string, ...zones: string[]): Pod => ({ app, zones });

test('a table holds the last value of each key, and its keys sorted', () => {
  pods.set('b', pod('x'));
  pods.set('a', pod('y'));
  pods.set('b', pod('z'));
  assert.deepEqual(pods.get('b'), pod('z'));
  assert.deepEqual([pods.keys(), pods.size, pods.has('a'), pods.has('c')], [['a', 'b'], 2, true, false]);
  pods.delete('a');
  pods.delete('c');
  assert.deepEqual([pods.keys(), pods.size, pods.get('a')], [['b'], 1, undefined]);
});

test('a value, a presence, a size and a key list are separate reads', () => {
  pods.set('a', pod('x'));
  watched('value', () => pods.get('a'));
  watched('other', () => pods.get('b'));
  watched('presence', () => pods.has('a'));
  watched('size', () => pods.size);
  watched('keys', () => pods.keys());
  assert.deepEqual(
    ranAfter(() => pods.set('a', pod('y'))),
    ['value'],
  );
  assert.deepEqual(
    ranAfter(() => pods.set('b', pod('y'))),
    ['keys', 'other', 'size'],
  );
  assert.deepEqual(
    ranAfter(() => pods.delete('a')),
    ['keys', 'presence', 'size', 'value'],
  );
  const swap = ranAfter(() => {
    pods.delete('b');
    pods.set('c', pod('y'));
  });
  assert.deepEqual(swap, ['keys', 'other']);
});

test('an equal value changes nothing and the present one stays', () => {
  const first = pod('x', 'z1');
  pods.set('a', first);
  watched('value', () => pods.get('a'));
  watched('zone', () => byZone.get('z1'));
  const { flushes } = graph.stats;
  assert.deepEqual(
    ranAfter(() => pods.set('a', pod('x', 'z1'))),
    [],
  );
  assert.equal(pods.get('a'), first);
  assert.equal(graph.stats.flushes, flushes);
});

test('writes of one batch that add up to nothing make nothing run', () => {
  pods.set('a', pod('x', 'z1'));
  pods.set('b', pod('y', 'z1'));
  watched('value', () => pods.get('a'));
  watched('presence', () => pods.has('a'));
  watched('keys', () => [pods.keys(), pods.size]);
  watched('zone', () => byZone.get('z1'));
  watched('zones', () => byZone.keys());
  const ran = ranAfter(() => {
    pods.delete('a');
    pods.set('c', pod('new', 'z9'));
    pods.set('a', pod('other', 'z2'));
    pods.delete('c');
    pods.set('a', pod('x', 'z1'));
  });
  assert.deepEqual(ran, []);
  assert.deepEqual(
    ranAfter(() => pods.set('a', pod('x2', 'z1'))),
    ['value', 'zone'],
  );
});

test('an index gives the rows under a key, sorted by primary key, each once', () => {
  pods.set('b', pod('x', 'z1', 'z2'));
  pods.set('a', pod('y', 'z1', 'z1'));
  assert.deepEqual(byZone.get('z1'), [pod('y', 'z1', 'z1'), pod('x', 'z1', 'z2')]);
  assert.deepEqual(byZone.get('none'), []);
  assert.deepEqual(byZone.keys(), ['z1', 'z2']);
  pods.set('b', pod('x', 'z3'));
  assert.deepEqual(byZone.keys(), ['z1', 'z3']);
  const late = pods.index('app', ({ app }, key) => [app, key]);
  assert.deepEqual(late.keys(), ['a', 'b', 'x', 'y']);
});

test('a list that an index gave does not change afterwards', () => {
  pods.set('a', pod('x', 'z1'));
  const list = byZone.get('z1');
  pods.set('b', pod('y', 'z1'));
  pods.delete('a');
  assert.deepEqual(list, [pod('x', 'z1')]);
  assert.equal(byZone.get('z1'), byZone.get('z1'));
});

test('only readers of the index keys of the row that changed run', () => {
  pods.set('a', pod('x', 'z1'));
  pods.set('b', pod('y', 'z2'));
  watched('z1', () => byZone.get('z1').length);
  watched('z2', () => byZone.get('z2').length);
  watched('z3', () => byZone.get('z3').length);
  watched('zones', () => byZone.keys());
  assert.deepEqual(
    ranAfter(() => pods.set('a', pod('new', 'z1'))),
    ['z1'],
  );
  assert.deepEqual(
    ranAfter(() => pods.set('a', pod('new', 'z2'))),
    ['z1', 'z2', 'zones'],
  );
  assert.deepEqual(
    ranAfter(() => pods.set('c', pod('new', 'z3'))),
    ['z3', 'zones'],
  );
  assert.deepEqual(
    ranAfter(() => pods.delete('b')),
    ['z2'],
  );
});

test('a row whose index keys cannot be told is not written', () => {
  pods.index('strict', ({ app }) => {
    if (app === 'bad') throw new Error('no key');
    return [app];
  });
  pods.set('a', pod('good', 'z1'));
  assert.throws(() => pods.set('a', pod('bad', 'z2')), /no key/);
  assert.deepEqual(pods.get('a'), pod('good', 'z1'));
  assert.deepEqual(byZone.keys(), ['z1']);
});

test('names are given once', () => {
  graph.query('names', () => 1);
  const isDuplicate = (error: unknown) => error instanceof GraphError && error.code === 'graph/duplicate-name';
  assert.throws(() => graph.table('pods'), isDuplicate);
  assert.throws(() => graph.query('names', () => 1), isDuplicate);
  assert.throws(() => pods.index('zone', () => []), isDuplicate);
});

test('undefined is a value like any other', () => {
  const table = graph.table<number | undefined>('optional');
  watched('has', () => table.has('a'));
  assert.deepEqual(
    ranAfter(() => table.set('a', undefined)),
    ['has'],
  );
  assert.deepEqual([table.has('a'), table.keys()], [true, ['a']]);
});
