import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Graph, GraphError, type Query, structuralEqual, type Table } from './index.ts';

let graph: Graph;
let numbers: Table<number>;
let runs: string[];

beforeEach(() => {
  graph = new Graph();
  numbers = graph.table<number>('numbers');
  runs = [];
});

/** A query that notes each of its runs. */
function recorded<V>(name: string, compute: (key: string) => V): Query<V> {
  return graph.query(name, (key) => {
    runs.push(`${name}(${key})`);
    return compute(key);
  });
}

function numberOf(key: string): number {
  return numbers.get(key) ?? 0;
}

test('a value is computed once for any number of reads between two changes', () => {
  const double = recorded('double', (key) => numberOf(key) * 2);
  numbers.set('a', 1);
  assert.deepEqual([double.get('a'), double.get('a'), double.get('b')], [2, 2, 0]);
  assert.deepEqual(runs, ['double(a)', 'double(b)']);
  numbers.set('a', 5);
  assert.equal(double.get('a'), 10);
});

test('a change goes no further than the first equal value', () => {
  const parity = recorded('parity', (key) => numberOf(key) % 2);
  const word = recorded('word', (key) => (parity.get(key) === 0 ? 'even' : 'odd'));
  const seen: string[] = [];
  graph.watch(word, 'a', (value) => seen.push(value));
  runs = [];
  numbers.set('a', 2);
  assert.deepEqual(runs, ['parity(a)']);
  numbers.set('a', 3);
  assert.deepEqual(runs, ['parity(a)', 'parity(a)', 'word(a)']);
  assert.deepEqual(seen, ['odd']);
});

test('an equal value keeps its identity for those who compare by it', () => {
  const list = graph.query('list', (key) => [numberOf(key) % 2], { equal: structuralEqual });
  const wrapped = graph.query('wrapped', (key) => list.get(key));
  let calls = 0;
  graph.watch(wrapped, 'a', () => calls++);
  const before = wrapped.get('a');
  numbers.set('a', 2);
  assert.equal(wrapped.get('a'), before);
  assert.equal(calls, 0);
});

test('where two paths meet, the value is computed once and never half changed', () => {
  const plus = graph.query('plus', (key) => numberOf(key) + 1);
  const minus = graph.query('minus', (key) => numberOf(key) - 1);
  const gap = recorded('gap', (key) => plus.get(key) - minus.get(key) + numberOf('offset'));
  const seen: number[] = [];
  graph.watch(gap, 'a', (value) => seen.push(value));
  runs = [];
  graph.batch(() => {
    numbers.set('a', 10);
    numbers.set('offset', 100);
  });
  assert.deepEqual([runs, seen], [['gap(a)'], [102]]);
});

test('only what was read in the last run counts', () => {
  const choice = recorded('choice', () => (numberOf('which') === 0 ? numberOf('left') : numberOf('right')));
  graph.watch(choice, '', () => {});
  runs = [];
  numbers.set('right', 7);
  assert.deepEqual(runs, []);
  numbers.set('which', 1);
  numbers.set('left', 7);
  assert.deepEqual(runs, ['choice()']);
});

test('a value that is not asked for any more is not computed', () => {
  const guarded = recorded('guarded', () => {
    if (numberOf('isOff') === 1) throw new Error('must not run');
    return numberOf('x');
  });
  const outer = recorded('outer', () => (numberOf('isOff') === 1 ? -1 : guarded.get('')));
  graph.watch(outer, '', () => {});
  runs = [];
  numbers.set('isOff', 1);
  assert.deepEqual(runs, ['outer()']);
});

test('watch does not tell the first value, then each different one, until stopped', () => {
  const value = graph.query('value', numberOf);
  const seen: number[] = [];
  const stop = graph.watch(value, 'a', (now) => seen.push(now));
  assert.deepEqual(seen, []);
  numbers.set('a', 1);
  numbers.set('a', 1);
  numbers.set('b', 9);
  stop();
  stop();
  numbers.set('a', 2);
  assert.deepEqual(seen, [1]);
});

test('a batch is told once, at the end of the outermost one', () => {
  const value = graph.query('value', numberOf);
  const seen: number[] = [];
  graph.watch(value, 'a', (now) => seen.push(now));
  const result = graph.batch(() => {
    numbers.set('a', 1);
    graph.batch(() => numbers.set('a', 2));
    assert.equal(value.get('a'), 2);
    assert.deepEqual(seen, []);
    numbers.set('a', 3);
    return 'done';
  });
  assert.deepEqual([result, seen], ['done', [3]]);
});

test('a value read in the middle of a batch and back at its end is no change', () => {
  const value = graph.query('value', numberOf);
  const seen: number[] = [];
  graph.watch(value, 'a', (now) => seen.push(now));
  graph.batch(() => {
    numbers.set('a', 1);
    assert.equal(value.get('a'), 1);
    numbers.delete('a');
  });
  assert.deepEqual(seen, []);
});

test('what a batch wrote before it failed is kept and told', () => {
  const value = graph.query('value', numberOf);
  const seen: number[] = [];
  graph.watch(value, 'a', (now) => seen.push(now));
  assert.throws(
    () =>
      graph.batch(() => {
        numbers.set('a', 1);
        throw new Error('half way');
      }),
    /half way/,
  );
  assert.deepEqual(seen, [1]);
});

test('a query cannot write, batch, watch or trace', () => {
  const value = graph.query('value', numberOf);
  const actions: Record<string, () => unknown> = {
    set: () => numbers.set('x', 1),
    delete: () => numbers.delete('x'),
    index: () => numbers.index('late', () => []),
    batch: () => graph.batch(() => {}),
    watch: () => graph.watch(value, 'x', () => {}),
    trace: () => graph.trace(value, 'x'),
  };
  const acting = graph.query('acting', (key) => actions[key]?.());
  for (const key of Object.keys(actions)) {
    const isRefused = (error: unknown) => error instanceof GraphError && error.code === 'graph/write-in-query';
    assert.throws(() => acting.get(key), isRefused, key);
  }
  assert.deepEqual([numbers.size, graph.stats.watchers], [0, 0]);
});

test('a query of another graph cannot be watched', () => {
  const foreign = new Graph().query('foreign', () => 1);
  assert.throws(
    () => graph.watch(foreign, '', () => {}),
    (error) => error instanceof GraphError && error.code === 'graph/foreign-query',
  );
});
