import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type ErrorSite, Graph, GraphError, type Query, type Table } from './index.ts';

let errors: { readonly error: unknown; readonly where: ErrorSite }[];
let graph: Graph;
let numbers: Table<number>;
let value: Query<number>;
let log: string[];

beforeEach(() => {
  errors = [];
  log = [];
  graph = new Graph({ onError: (error, where) => errors.push({ error, where }) });
  numbers = graph.table<number>('numbers');
  value = graph.query('value', (key) => numbers.get(key) ?? 0);
});

function logged(name: string, key: string): () => void {
  return graph.watch(value, key, (now) => log.push(`${name} ${now}`));
}

test('watchers are told in order of registration, whatever was written first', () => {
  logged('first', 'b');
  logged('second', 'a');
  logged('third', 'b');
  graph.batch(() => {
    numbers.set('a', 1);
    numbers.set('b', 2);
  });
  assert.deepEqual(log, ['first 2', 'second 1', 'third 2']);
});

test('what a watcher writes is told in another flush, after the others have seen this one', () => {
  graph.watch(value, 'a', (now) => {
    log.push(`writer ${now}`);
    numbers.set('b', now);
    numbers.set('a', 10);
    assert.equal(value.get('b'), now);
    assert.equal(value.get('a'), 10);
  });
  logged('other', 'a');
  logged('b', 'b');
  numbers.set('a', 1);
  assert.deepEqual(log, ['writer 1', 'other 1', 'writer 10', 'other 10', 'b 1', 'b 10']);
});

test('watchers that never stop writing are stopped, and the graph goes on', () => {
  let isOn = true;
  graph.watch(value, 'a', (now) => {
    if (isOn) numbers.set('a', now + 1);
  });
  assert.throws(
    () => numbers.set('a', 1),
    (error) =>
      error instanceof GraphError && error.code === 'graph/endless-flush' && error.message.includes('value(a)'),
  );
  isOn = false;
  logged('later', 'a');
  numbers.set('b', 1);
  numbers.set('a', -1);
  assert.deepEqual(log, ['later -1']);
});

test('a watcher stopped by another is not told any more', () => {
  let stopSecond = (): void => {};
  const stopFirst = graph.watch(value, 'a', () => {
    log.push('first');
    stopFirst();
    stopSecond();
  });
  stopSecond = logged('second', 'a');
  logged('third', 'a');
  numbers.set('a', 1);
  numbers.set('a', 2);
  assert.deepEqual(log, ['first', 'third 1', 'third 2']);
});

test('a watcher made by another starts with what it can read then', () => {
  let isMade = false;
  graph.watch(value, 'a', (now) => {
    if (isMade) return;
    isMade = true;
    numbers.set('a', now + 1);
    logged('inner', 'a');
    assert.equal(value.get('a'), now + 1);
  });
  numbers.set('a', 1);
  assert.deepEqual(log, []);
  numbers.set('a', 7);
  assert.deepEqual(log, ['inner 7']);
});

test('stopping the last watcher and watching again inside a callback keeps the value', () => {
  let runs = 0;
  const slow = graph.query('slow', (key) => {
    runs++;
    return numbers.get(key) ?? 0;
  });
  const stop = graph.watch(slow, 'kept', () => {});
  graph.watch(value, 'a', () => {
    stop();
    graph.watch(slow, 'kept', (now) => log.push(`again ${now}`));
  });
  numbers.set('a', 1);
  assert.equal(runs, 1);
  numbers.set('kept', 5);
  assert.deepEqual(log, ['again 5']);
});

test('an error of a callback is reported and the others are told', () => {
  const thrown = new Error('callback');
  graph.watch(value, 'a', () => {
    throw thrown;
  });
  logged('second', 'a');
  numbers.set('a', 1);
  assert.deepEqual(log, ['second 1']);
  assert.deepEqual(errors, [{ error: thrown, where: { query: 'value', key: 'a', during: 'onChange' } }]);
});

test('watchers of one value are compared with what each of them was told', () => {
  logged('early', 'a');
  graph.batch(() => {
    numbers.set('a', 1);
    logged('late', 'a');
    numbers.delete('a');
  });
  assert.deepEqual(log, ['late 0']);
});

test('a new object equal to the one that was told is no change, and is compared once for all watchers', () => {
  let comparisons = 0;
  const list = graph.query('list', (key) => [numbers.get(key) ?? 0], {
    equal: (a, b) => {
      comparisons++;
      return a[0] === b[0];
    },
  });
  for (let i = 0; i < 50; i++) graph.watch(list, 'a', () => log.push('told'));
  graph.batch(() => {
    numbers.set('a', 1);
    assert.deepEqual(list.get('a'), [1]);
    numbers.set('a', 0);
  });
  assert.deepEqual(log, []);
  assert(comparisons <= 3, `${comparisons} comparisons`);
});

test('without onError the writer gets the errors when all others have been told', () => {
  const plain = new Graph();
  const table = plain.table<number>('t');
  const failing = plain.query('failing', (key) => {
    if (table.get(key) === 1) throw new Error(`bad ${key}`);
    return table.get(key);
  });
  plain.watch(failing, 'a', () => log.push('a'));
  plain.watch(failing, 'b', () => log.push('b'));
  plain.watch(failing, 'c', () => log.push('c'));
  assert.throws(() => table.set('a', 1), /bad a/);
  const both = (): void => {
    table.set('a', 2);
    table.set('b', 1);
    table.set('c', 1);
  };
  assert.throws(() => plain.batch(both), AggregateError);
  assert.deepEqual(log, ['a']);
  assert.throws(() => plain.watch(failing, 'c', () => {}), /bad c/);
  assert.equal(plain.stats.watchers, 3);
});
