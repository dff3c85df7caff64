import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { CycleError, type ErrorSite, Graph, GraphError, type Query, type Table } from './index.ts';

let errors: { readonly error: unknown; readonly where: ErrorSite }[];
let graph: Graph;
let numbers: Table<number>;
let links: Table<string>;
let runs: number;
/** Fails on 13. */
let checked: Query<number>;
/** Follows links from row to row. */
let end: Query<string>;

beforeEach(() => {
  errors = [];
  runs = 0;
  graph = new Graph({ onError: (error, where) => errors.push({ error, where }) });
  numbers = graph.table<number>('numbers');
  links = graph.table<string>('links');
  checked = graph.query('checked', (key) => {
    runs++;
    const number = numbers.get(key) ?? 0;
    if (number === 13) throw new RangeError(`${key} is 13`);
    return number;
  });
  end = graph.query('end', (key) => {
    const next = links.get(key);
    return next === undefined ? key : end.get(next);
  });
});

test('an error goes to every reader until what was read changes', () => {
  const outer = graph.query('outer', (key) => checked.get(key) + 1);
  numbers.set('a', 13);
  assert.throws(() => outer.get('a'), RangeError);
  assert.throws(() => outer.get('a'), RangeError);
  assert.equal(runs, 1);
  numbers.set('a', 1);
  assert.equal(outer.get('a'), 2);
});

test('a computation may catch the error of what it reads', () => {
  const safe = graph.query('safe', (key) => {
    try {
      return checked.get(key);
    } catch {
      return -1;
    }
  });
  const seen: number[] = [];
  graph.watch(safe, 'a', (value) => seen.push(value));
  numbers.set('a', 13);
  numbers.set('a', 2);
  assert.deepEqual([seen, errors], [[-1, 2], []]);
});

test('watchers keep the last good value, onError is told once, and the next change is tried', () => {
  const seen: number[] = [];
  numbers.set('a', 1);
  graph.watch(checked, 'a', (value) => seen.push(value));
  numbers.set('a', 13);
  numbers.set('other', 5);
  assert.deepEqual(seen, []);
  assert.deepEqual(
    errors.map(({ error, where }) => [String(error), where]),
    [['RangeError: a is 13', { query: 'checked', key: 'a', during: 'compute' }]],
  );
  numbers.set('a', 1);
  assert.deepEqual(seen, []);
  numbers.set('a', 13);
  numbers.set('a', 2);
  assert.deepEqual([seen, errors.length], [[2], 2]);
});

test('a value that fails from the start is watched and told as soon as there is one', () => {
  const seen: number[] = [];
  numbers.set('a', 13);
  const stop = graph.watch(checked, 'a', (value) => seen.push(value));
  assert.equal(errors.length, 1);
  numbers.set('a', 0);
  stop();
  assert.deepEqual([seen, graph.stats.nodes], [[0], 0]);
});

test('an equality that throws is an error of the value', () => {
  const picky = graph.query('picky', (key) => numbers.get(key) ?? 0, {
    equal: (a, b) => {
      assert.deepEqual([typeof a, typeof b], ['number', 'number']);
      if (b === 13) throw new Error('cannot compare');
      return a === b;
    },
  });
  const seen: number[] = [];
  graph.watch(picky, 'a', (value) => seen.push(value));
  numbers.set('a', 13);
  numbers.set('a', 4);
  assert.match(String(errors[0]?.error), /cannot compare/);
  assert.deepEqual([seen, errors.length], [[4], 1]);
});

test('a cycle is named, from its smallest member on, whoever asked', () => {
  links.set('b', 'c');
  links.set('c', 'a');
  links.set('a', 'b');
  links.set('z', 'c');
  for (const key of ['a', 'b', 'c', 'z']) {
    assert.throws(
      () => end.get(key),
      (error) => {
        assert(error instanceof CycleError);
        assert.deepEqual(error.path, ['end(a)', 'end(b)', 'end(c)']);
        assert.match(error.message, /end\(a\) -> end\(b\) -> end\(c\) -> end\(a\)/);
        return true;
      },
    );
  }
});

test('a cycle fails all its members, heals when it is cut, and leaves nothing behind', () => {
  const seen: string[] = [];
  const stops = ['a', 'b', 'z'].map((key) => graph.watch(end, key, (value) => seen.push(`${key}=${value}`)));
  graph.batch(() => {
    links.set('a', 'b');
    links.set('b', 'a');
    links.set('z', 'a');
  });
  assert.deepEqual(seen, []);
  assert.deepEqual(
    errors.map(({ where }) => where.key),
    ['a', 'b', 'z'],
  );
  links.delete('b');
  assert.deepEqual(seen, ['a=b', 'z=b']);
  links.set('b', 'a');
  for (const stop of stops) stop();
  assert.partialDeepStrictEqual(graph.stats, { nodes: 0, cells: 0 });
});

test('a member of a cycle fails even if it catches errors', () => {
  const stubborn: Query<string> = graph.query('stubborn', (key) => {
    try {
      return stubborn.get(links.get(key) ?? '');
    } catch {
      return 'caught';
    }
  });
  links.set('a', 'b');
  links.set('b', 'a');
  assert.throws(() => stubborn.get('b'), CycleError);
  assert.throws(() => stubborn.get('a'), CycleError);
  const outside = graph.query('outside', () => {
    try {
      return stubborn.get('a');
    } catch (error) {
      return error instanceof CycleError ? 'told' : 'other';
    }
  });
  assert.equal(outside.get(''), 'told');
});

test('a query that asks for ever new keys of itself is told so', () => {
  const endless: Query<number> = graph.query('endless', (key) => endless.get(`${Number(key) + 1}`));
  assert.throws(
    () => endless.get('0'),
    (error) => error instanceof GraphError && error.code === 'graph/too-deep',
  );
  assert.equal(checked.get('a'), 0);
});
