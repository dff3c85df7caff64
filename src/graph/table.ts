import { Cells } from './cells.ts';
import type { Engine } from './engine.ts';
import { GraphError } from './graph-error.ts';
import { SortedKeys, sameKeys } from './sorted-keys.ts';
import { NOTHING } from './source.ts';
import { type Index, type IndexChange, TableIndex } from './table-index.ts';
import type { Watches } from './watches.ts';

/** Input, keyed by string. Values are readonly data: a value that is changed in place is a change nobody sees. */
export interface Table<V> {
  readonly name: string;
  /** Tracked per key, also where there is no value yet. */
  get(key: string): V | undefined;
  /** Tracked per key: changes only when the key comes or goes. */
  has(key: string): boolean;
  /** Setting a value equal to the present one changes nothing and keeps the present one. */
  set(key: string, value: V): void;
  delete(key: string): void;
  /** Sorted (UTF-16 order); tracked: changes only when some key comes or goes. */
  keys(): readonly string[];
  /** Tracked: changes only when the number of keys does. */
  readonly size: number;
  /**
   * Finds rows by what they contain. `keysOf` must depend on its arguments alone; an error it throws goes to the
   * writer of the row, and the row is not written.
   */
  index(name: string, keysOf: (value: V, key: string) => Iterable<string>): Index<V>;
}

/** What the tables of a graph share. */
export interface TableHost {
  readonly engine: Engine;
  readonly watches: Watches;
}

/** The one key of cells that stand for a whole list of keys. */
const ALL = '';

export class InputTable<V> implements Table<V> {
  readonly name: string;
  readonly #host: TableHost;
  readonly #equal: (a: V, b: V) => boolean;
  readonly #rows: Map<string, V> = new Map();
  readonly #keys: SortedKeys = new SortedKeys();
  readonly #indexes: Map<string, TableIndex<V>> = new Map();
  readonly #valueCells: Cells;
  readonly #presenceCells: Cells;
  readonly #keysCells: Cells;
  readonly #sizeCells: Cells;

  constructor(host: TableHost, name: string, equal: (a: V, b: V) => boolean) {
    this.name = name;
    this.#host = host;
    this.#equal = equal;
    const describe = (key: string) => ({ kind: 'table', table: name, key }) as const;
    this.#valueCells = new Cells(host.engine, {
      read: (key) => (this.#rows.has(key) ? this.#rows.get(key) : NOTHING),
      same: (a, b) => a === b || (a !== NOTHING && b !== NOTHING && equal(a as V, b as V)),
      describe,
    });
    this.#presenceCells = new Cells(host.engine, { read: (key) => this.#rows.has(key), same: Object.is, describe });
    this.#keysCells = new Cells(host.engine, {
      read: () => this.#keys.list(),
      same: (a, b) => sameKeys(a as readonly string[], b as readonly string[]),
      describe: () => ({ kind: 'table-keys', table: name }),
    });
    this.#sizeCells = new Cells(host.engine, {
      read: () => this.#rows.size,
      same: Object.is,
      describe: () => ({ kind: 'table-keys', table: name }),
    });
  }

  /** Tracked parts of this table and its indexes that some value has read. */
  get cells(): number {
    const families = [this.#valueCells, this.#presenceCells, this.#keysCells, this.#sizeCells];
    let cells = families.reduce((sum, { size }) => sum + size, 0);
    for (const index of this.#indexes.values()) cells += index.cells;
    return cells;
  }

  get(key: string): V | undefined {
    this.#valueCells.track(key);
    return this.#rows.get(key);
  }

  has(key: string): boolean {
    this.#presenceCells.track(key);
    return this.#rows.has(key);
  }

  keys(): readonly string[] {
    this.#keysCells.track(ALL);
    return this.#keys.list();
  }

  get size(): number {
    this.#sizeCells.track(ALL);
    return this.#rows.size;
  }

  set(key: string, value: V): void {
    this.#host.engine.refuseInQuery(`write ${this.name}(${key})`);
    const old = this.#rows.get(key);
    const isNew = old === undefined && !this.#rows.has(key);
    if (!isNew && (Object.is(old, value) || this.#equal(old as V, value))) return;
    const changes = this.#changesOf((index) => index.change(key, isNew ? NOTHING : (old as V), value));
    this.#valueCells.touch(key);
    if (isNew) this.#touchPresence(key);
    for (const change of changes) change.index.apply(key, change);
    this.#rows.set(key, value);
    if (isNew) this.#keys.add(key);
    this.#host.watches.written();
  }

  delete(key: string): void {
    this.#host.engine.refuseInQuery(`delete ${this.name}(${key})`);
    if (!this.#rows.has(key)) return;
    const old = this.#rows.get(key) as V;
    const changes = this.#changesOf((index) => index.change(key, old, NOTHING));
    this.#valueCells.touch(key);
    this.#touchPresence(key);
    for (const change of changes) change.index.apply(key, change);
    this.#rows.delete(key);
    this.#keys.delete(key);
    this.#host.watches.written();
  }

  index(name: string, keysOf: (value: V, key: string) => Iterable<string>): Index<V> {
    this.#host.engine.refuseInQuery(`make the index ${this.name}.${name}`);
    if (this.#indexes.has(name)) {
      throw new GraphError('graph/duplicate-name', `The table ${this.name} has an index ${name} already.`);
    }
    const index = new TableIndex<V>(this.#host.engine, {
      name,
      table: this.name,
      keysOf,
      row: (key) => this.#rows.get(key) as V,
      equal: this.#equal,
    });
    for (const key of this.#keys.list()) {
      index.apply(key, index.change(key, NOTHING, this.#rows.get(key) as V));
    }
    this.#indexes.set(name, index);
    return index;
  }

  #touchPresence(key: string): void {
    this.#presenceCells.touch(key);
    this.#keysCells.touch(ALL);
    this.#sizeCells.touch(ALL);
  }

  /** All of them before the first is applied, so that a `keysOf` that throws leaves everything as it was. */
  #changesOf(change: (index: TableIndex<V>) => IndexChange<V>): readonly IndexChange<V>[] {
    if (this.#indexes.size === 0) return [];
    return Array.from(this.#indexes.values(), change);
  }
}
