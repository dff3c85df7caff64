import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Graph, type Query, type Table } from './index.ts';

let graph: Graph;
let numbers: Table<number>;
let inner: Query<number>;
let outer: Query<number>;

beforeEach(() => {
  graph = new Graph();
  numbers = graph.table<number>('numbers');
  inner = graph.query('inner', (key) => numbers.get(key) ?? 0);
  outer = graph.query('outer', (key) => inner.get(key) + 1);
});

test('what is watched stays with all it has read, and goes with its last watcher', () => {
  const stops = [
    graph.watch(outer, 'a', () => {}),
    graph.watch(outer, 'a', () => {}),
    graph.watch(inner, 'a', () => {}),
  ];
  assert.partialDeepStrictEqual(graph.stats, { nodes: 2, cells: 1, watchers: 3 });
  stops[0]?.();
  stops[1]?.();
  assert.partialDeepStrictEqual(graph.stats, { nodes: 1, cells: 1, watchers: 1 });
  stops[2]?.();
  assert.partialDeepStrictEqual(graph.stats, { nodes: 0, cells: 0, watchers: 0 });
});

test('a burst of reads between two changes is cached, and the next change drops it', () => {
  for (let i = 0; i < 3; i++) for (const key of ['a', 'b', 'c']) outer.get(key);
  assert.partialDeepStrictEqual(graph.stats, { nodes: 6, recomputations: 6 });
  graph.batch(() => outer.get('a'));
  graph.watch(outer, 'd', () => {})();
  assert.partialDeepStrictEqual(graph.stats, { nodes: 6, recomputations: 8 });
  numbers.set('unread', 1);
  assert.partialDeepStrictEqual(graph.stats, { nodes: 0, cells: 0, recomputations: 8 });
});

test('a value read once stays if a watched one reads it too', () => {
  inner.get('a');
  graph.watch(outer, 'a', () => {});
  numbers.set('b', 1);
  assert.partialDeepStrictEqual(graph.stats, { nodes: 2, recomputations: 2 });
});

test('what a watched value does not read any more is dropped', () => {
  const follow = graph.query('follow', () => inner.get(`k${numbers.get('which') ?? 0}`));
  graph.watch(follow, '', () => {});
  for (let i = 0; i < 20; i++) numbers.set('which', i);
  assert.partialDeepStrictEqual(graph.stats, { nodes: 2, cells: 2 });
});

test('watchers stopped in a batch without writes leave nothing either', () => {
  const stop = graph.watch(outer, 'a', () => {});
  graph.batch(stop);
  assert.equal(graph.stats.nodes, 0);
});

test('reads of ever new keys without a change are bounded', () => {
  for (let i = 0; i < 70_000; i++) inner.get(`${i}`);
  assert(graph.stats.nodes < 66_000);
});
