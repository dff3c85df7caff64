import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Graph, type Index, type Query, type Table } from './index.ts';
import {
  ABSENT,
  digest,
  evaluate,
  indexKeys,
  key,
  layered,
  level,
  Oracle,
  type Programs,
  type Read,
  TABLES,
  table,
  tangled,
} from './random-program.test.ts';

type Change = { readonly table: number; readonly key: string; readonly value: number | undefined };

type Step =
  | {
      readonly kind: 'batch';
      readonly changes: readonly Change[];
      readonly peek: readonly [number, string] | undefined;
    }
  | { readonly kind: 'watch'; readonly level: number; readonly key: string }
  | { readonly kind: 'get'; readonly level: number; readonly key: string }
  | { readonly kind: 'stop'; readonly which: number };

interface Observed {
  readonly level: number;
  readonly key: string;
  readonly calls: number[];
  last: number | undefined;
  stop(): void;
}

/** The graph under test, each of its computations recorded. */
class Subject {
  readonly graph: Graph = new Graph({ onError: () => {} });
  readonly tables: readonly Table<number>[] = TABLES.map((name) => this.graph.table<number>(name));
  readonly queries: readonly Query<number>[];
  /** What the last computation of each value read, and what it saw. */
  readonly reads: Map<string, Map<string, readonly [Read, number | undefined]>> = new Map();
  runs: string[] = [];

  constructor(programs: Programs) {
    const left = this.tables[0];
    assert(left !== undefined);
    const index = left.index('remainders', indexKeys);
    this.queries = programs.map((program, level) =>
      this.graph.query(`q${level}`, (key) => {
        const seen = new Map<string, readonly [Read, number | undefined]>();
        this.runs.push(`${level}${key}`);
        this.reads.set(`${level}${key}`, seen);
        return evaluate(program[key] ?? { kind: 'indexKeys' }, (read) => {
          seen.set(JSON.stringify(read), [read, undefined]);
          const value = this.#read(read, index);
          seen.set(JSON.stringify(read), [read, value]);
          return value;
        });
      }),
    );
  }

  value(level: number, key: string): number | undefined {
    try {
      return this.queries[level]?.get(key);
    } catch {
      return undefined;
    }
  }

  #read(read: Read, index: Index<number>): number {
    if (read.kind === 'query') return this.queries[read.level]?.get(read.key) ?? Number.NaN;
    if (read.kind === 'index') return digest(index.get(read.key));
    if (read.kind === 'indexKeys') return digest(index.keys());
    const table = this.tables[read.table];
    assert(table !== undefined);
    if (read.kind === 'value') return table.get(read.key) ?? ABSENT;
    if (read.kind === 'has') return table.has(read.key) ? 1 : 0;
    return read.kind === 'size' ? table.size : digest(table.keys());
  }
}

const change: fc.Arbitrary<Change> = fc.record({
  table,
  key,
  value: fc.option(fc.nat({ max: 6 }), { nil: undefined }),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      arbitrary: fc.record({
        kind: fc.constant('batch' as const),
        changes: fc.array(change, { maxLength: 4 }),
        peek: fc.option(fc.tuple(level, key), { nil: undefined }),
      }),
      weight: 5,
    },
    { arbitrary: fc.record({ kind: fc.constant('watch' as const), level, key }), weight: 3 },
    fc.record({ kind: fc.constant('get' as const), level, key }),
    fc.record({ kind: fc.constant('stop' as const), which: fc.nat({ max: 9 }) }),
  ),
  { minLength: 3, maxLength: 25 },
);

/** Runs the steps on both and checks after each what every law says. */
class Trial {
  readonly subject: Subject;
  readonly oracle: Oracle;
  readonly observed: Observed[] = [];
  readonly isLayered: boolean;

  constructor(programs: Programs, isLayered: boolean) {
    this.subject = new Subject(programs);
    this.oracle = new Oracle(programs);
    this.isLayered = isLayered;
  }

  run(list: readonly Step[]): void {
    for (const step of list) {
      if (step.kind === 'batch') this.#batch(step.changes, step.peek);
      else if (step.kind === 'watch') this.#watch(step.level, step.key);
      else if (step.kind === 'get') this.#compare(step.level, step.key);
      else if (step.kind === 'stop') this.observed.splice(step.which % Math.max(1, this.observed.length), 1)[0]?.stop();
    }
    this.#batch([{ table: 0, key: 'a', value: 99 }], undefined);
    for (const { stop } of this.observed.splice(0)) stop();
    assert.partialDeepStrictEqual(this.subject.graph.stats, { nodes: 0, cells: 0, watchers: 0 });
  }

  #compare(level: number, key: string): void {
    assert.equal(this.subject.value(level, key), this.oracle.value(level, key));
  }

  #watch(level: number, key: string): void {
    const query = this.subject.queries[level];
    assert(query !== undefined);
    const calls: number[] = [];
    const stop = this.subject.graph.watch(query, key, (value) => calls.push(value));
    this.observed.push({ level, key, calls, last: this.oracle.value(level, key), stop });
  }

  #batch(changes: readonly Change[], peek: readonly [number, string] | undefined): void {
    const { subject, oracle, observed } = this;
    const former = new Map(subject.reads);
    subject.runs = [];
    subject.graph.batch(() => {
      changes.forEach(({ table, key, value }, i) => {
        if (value === undefined) subject.tables[table]?.delete(key);
        else subject.tables[table]?.set(key, value);
        if (value === undefined) oracle.rows[table]?.delete(key);
        else oracle.rows[table]?.set(key, value);
        if (i === 1 && peek !== undefined) this.#compare(...peek);
      });
    });
    if (this.isLayered && peek === undefined) this.#checkRuns(former);
    for (const one of observed) {
      const now = oracle.value(one.level, one.key);
      const expected = now === undefined || now === one.last ? [] : [now];
      assert.deepEqual(one.calls.splice(0), expected);
      one.last = now ?? one.last;
      this.#compare(one.level, one.key);
    }
  }

  /** Each value ran at most once, and only if something that it had read is different now (or it was not kept). */
  #checkRuns(former: ReadonlyMap<string, ReadonlyMap<string, readonly [Read, number | undefined]>>): void {
    const { runs } = this.subject;
    assert.equal(new Set(runs).size, runs.length, `ran more than once: ${runs}`);
    for (const name of runs) {
      const reads = former.get(name);
      if (reads === undefined || !this.#wasKept(name, former)) continue;
      const isDue = [...reads.values()].some(([read, seen]) => this.oracle.read(read) !== seen || seen === undefined);
      assert(isDue, `${name} ran although nothing that it read has changed`);
    }
  }

  /** A value was in the cache before the batch if a watched one had read it, directly or not. */
  #wasKept(
    name: string,
    former: ReadonlyMap<string, ReadonlyMap<string, readonly [Read, number | undefined]>>,
  ): boolean {
    const kept = new Set(this.observed.map(({ level, key }) => `${level}${key}`));
    for (const one of kept) {
      for (const [read] of former.get(one)?.values() ?? [])
        if (read.kind === 'query') kept.add(`${read.level}${read.key}`);
    }
    return kept.has(name);
  }
}

const RUNS = 300;

test('incremental is rebuilt from scratch, watchers see each final change once, and nothing runs in vain', () => {
  fc.assert(
    fc.property(layered, steps, (programs, list) => new Trial(programs, true).run(list)),
    { numRuns: RUNS },
  );
});

test('the same holds where values can depend on themselves: such values fail, and recover', () => {
  fc.assert(
    fc.property(tangled, steps, (programs, list) => new Trial(programs, false).run(list)),
    { numRuns: RUNS },
  );
});
