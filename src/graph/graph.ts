import { type Dependency, dependenciesOf } from './dependency.ts';
import { Engine } from './engine.ts';
import { GraphError } from './graph-error.ts';
import { CachedQuery, type Query } from './query.ts';
import type { QueryNode } from './source.ts';
import { InputTable, type Table } from './table.ts';
import { type OnError, Watches } from './watches.ts';

export interface GraphOptions {
  /**
   * Told when a watched value cannot be computed (its watchers keep the last good one) or a callback throws. Without
   * it such errors are thrown to the writer when the flush is over, and by `watch` for a value that fails at once.
   */
  readonly onError?: OnError;
}

export interface EqualOption<V> {
  /** When two values count as the same; Object.is unless given. `structuralEqual` is there for plain data. */
  readonly equal?: (a: V, b: V) => boolean;
}

/** Counters since the graph was made, except for the first three, which are what it holds now. */
export interface GraphStats {
  /** Values of queries in the cache. */
  readonly nodes: number;
  /** Parts of tables (values, presence, key lists, index entries) that some cached value has read. */
  readonly cells: number;
  readonly watchers: number;
  readonly recomputations: number;
  readonly flushes: number;
  /** Calls of `onChange`. */
  readonly notifications: number;
}

/** Tables, the queries over them, and those who watch the results. */
export class Graph {
  readonly #engine: Engine = new Engine();
  readonly #watches: Watches;
  readonly #tables: Map<string, { readonly cells: number }> = new Map();
  readonly #queries: Map<string, { readonly size: number }> = new Map();

  constructor(options: GraphOptions = {}) {
    this.#watches = new Watches(this.#engine, options.onError);
  }

  /** A new table. Throws GraphError where the name is taken. */
  table<V>(name: string, options: EqualOption<V> = {}): Table<V> {
    refuseTaken(this.#tables, 'table', name);
    const host = { engine: this.#engine, watches: this.#watches };
    const table = new InputTable<V>(host, name, options.equal ?? Object.is);
    this.#tables.set(name, table);
    return table;
  }

  /** A new query; `compute` reads tables and queries only, and writes nothing. Throws GraphError where the name is taken. */
  query<V>(name: string, compute: (key: string) => V, options: EqualOption<V> = {}): Query<V> {
    refuseTaken(this.#queries, 'query', name);
    const query = new CachedQuery<V>(this.#engine, name, { compute, equal: options.equal ?? Object.is });
    this.#queries.set(name, query);
    return query;
  }

  /**
   * Runs `change`; watchers are told once, at the end of the outermost batch. Reads inside see the writes made so far.
   * Writes made before an error are kept. A write outside a batch is a batch of its own.
   */
  batch<T>(change: () => T): T {
    return this.#watches.batch(change);
  }

  /**
   * Keeps a value up to date until stopped. Computes it now and does not call `onChange` for that first value (read
   * it with `get`). After a flush `onChange` gets the new value if it is not equal to the one before. A value that
   * failed and is good again counts as changed only if it differs from the last good one.
   */
  watch<V>(query: Query<V>, key: string, onChange: (value: V) => void): () => void {
    return this.#watches.watch(this.#nodeOf(query, key), onChange as (value: unknown) => void);
  }

  /** What this value read, down to the tables: where it comes from. A value that failed tells what it read until then. */
  trace(query: Query<unknown>, key: string): readonly Dependency[] {
    this.#engine.refuseInQuery('trace a value');
    const node = this.#nodeOf(query, key);
    this.#engine.refresh(node);
    return dependenciesOf(node);
  }

  get stats(): GraphStats {
    let nodes = 0;
    let cells = 0;
    for (const query of this.#queries.values()) nodes += query.size;
    for (const table of this.#tables.values()) cells += table.cells;
    const { watchers, flushes, notifications } = this.#watches;
    return { nodes, cells, watchers, recomputations: this.#engine.recomputations, flushes, notifications };
  }

  #nodeOf(query: Query<unknown>, key: string): QueryNode {
    if (query instanceof CachedQuery && query.engine === this.#engine) return query.node(key);
    throw new GraphError('graph/foreign-query', `The query ${query.name} was not made by this graph.`);
  }
}

function refuseTaken(taken: ReadonlyMap<string, unknown>, what: string, name: string): void {
  if (!taken.has(name)) return;
  throw new GraphError(
    'graph/duplicate-name',
    `There is a ${what} named ${name} already. Traces and errors know it by name, so every name is given once.`,
  );
}
