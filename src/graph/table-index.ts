import { Cells } from './cells.ts';
import type { Engine } from './engine.ts';
import { SortedKeys, sameKeys } from './sorted-keys.ts';
import { NOTHING } from './source.ts';

/** The rows of a table by what they contain. */
export interface Index<V> {
  /** Sorted by primary key; tracked per index key, also where there is nothing yet. */
  get(indexKey: string): readonly V[];
  /** Sorted; tracked: changes only when an index key appears or vanishes. */
  keys(): readonly string[];
}

export interface IndexDefinition<V> {
  readonly name: string;
  readonly table: string;
  keysOf(value: V, key: string): Iterable<string>;
  /** The row of a key that is in the table. */
  row(key: string): V;
  equal(a: V, b: V): boolean;
}

/** What the write of one row does to one index. */
export interface IndexChange<V> {
  readonly index: TableIndex<V>;
  readonly before: ReadonlySet<string>;
  readonly after: ReadonlySet<string>;
}

/** The rows under one index key. */
interface Entry<V> {
  readonly members: SortedKeys;
  size: number;
  /** Made when it is read, and again after a write to one of the members. */
  values: readonly V[] | undefined;
}

const NO_VALUES: readonly never[] = [];
const NO_KEYS: ReadonlySet<string> = new Set();
const ALL = '';

export class TableIndex<V> implements Index<V> {
  readonly #definition: IndexDefinition<V>;
  readonly #entries: Map<string, Entry<V>> = new Map();
  readonly #keys: SortedKeys = new SortedKeys();
  readonly #entryCells: Cells;
  readonly #keysCells: Cells;

  constructor(engine: Engine, definition: IndexDefinition<V>) {
    this.#definition = definition;
    const { name: index, table } = definition;
    this.#entryCells = new Cells(engine, {
      read: (key) => this.#valuesOf(key),
      same: (a, b) => this.#sameValues(a as readonly V[], b as readonly V[]),
      describe: (key) => ({
        kind: 'index',
        table,
        index,
        key,
        members: this.#entries.get(key)?.members.list() ?? NO_VALUES,
      }),
    });
    this.#keysCells = new Cells(engine, {
      read: () => this.#keys.list(),
      same: (a, b) => sameKeys(a as readonly string[], b as readonly string[]),
      describe: () => ({ kind: 'index-keys', table, index }),
    });
  }

  get cells(): number {
    return this.#entryCells.size + this.#keysCells.size;
  }

  get(indexKey: string): readonly V[] {
    this.#entryCells.track(indexKey);
    return this.#valuesOf(indexKey);
  }

  keys(): readonly string[] {
    this.#keysCells.track(ALL);
    return this.#keys.list();
  }

  /** Changes nothing yet. NOTHING stands for a row that is not there. */
  change(key: string, before: V | typeof NOTHING, after: V | typeof NOTHING): IndexChange<V> {
    const { keysOf } = this.#definition;
    return {
      index: this,
      before: before === NOTHING ? NO_KEYS : new Set(keysOf(before as V, key)),
      after: after === NOTHING ? NO_KEYS : new Set(keysOf(after as V, key)),
    };
  }

  /** Must be called before the row itself is written: the cells that it touches still read the former rows. */
  apply(key: string, { before, after }: Omit<IndexChange<V>, 'index'>): void {
    for (const indexKey of before) if (!after.has(indexKey)) this.#remove(indexKey, key);
    for (const indexKey of after) {
      if (before.has(indexKey)) this.#replace(indexKey);
      else this.#add(indexKey, key);
    }
  }

  #replace(indexKey: string): void {
    this.#entryCells.touch(indexKey);
    const entry = this.#entries.get(indexKey);
    if (entry !== undefined) entry.values = undefined;
  }

  #add(indexKey: string, key: string): void {
    this.#entryCells.touch(indexKey);
    let entry = this.#entries.get(indexKey);
    if (entry === undefined) {
      this.#keysCells.touch(ALL);
      entry = { members: new SortedKeys(), size: 0, values: undefined };
      this.#entries.set(indexKey, entry);
      this.#keys.add(indexKey);
    }
    entry.members.add(key);
    entry.size++;
    entry.values = undefined;
  }

  #remove(indexKey: string, key: string): void {
    const entry = this.#entries.get(indexKey);
    if (entry === undefined) return;
    this.#entryCells.touch(indexKey);
    if (entry.size === 1) {
      this.#keysCells.touch(ALL);
      this.#entries.delete(indexKey);
      this.#keys.delete(indexKey);
      return;
    }
    entry.members.delete(key);
    entry.size--;
    entry.values = undefined;
  }

  #valuesOf(indexKey: string): readonly V[] {
    const entry = this.#entries.get(indexKey);
    if (entry === undefined) return NO_VALUES;
    entry.values ??= entry.members.list().map((key) => this.#definition.row(key));
    return entry.values;
  }

  #sameValues(a: readonly V[], b: readonly V[]): boolean {
    if (a.length !== b.length) return false;
    return a.every((value, i) => Object.is(value, b[i]) || this.#definition.equal(value, b[i] as V));
  }
}
