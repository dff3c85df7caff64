import type { Dependency } from './dependency.ts';
import type { Engine } from './engine.ts';
import { Cell, type CellFamily } from './source.ts';

/** How one part of a table is read, compared and named. */
export interface CellAccess {
  read(key: string): unknown;
  same(a: unknown, b: unknown): boolean;
  describe(key: string): Dependency;
}

/** The tracked reads of one part of a table. Keys that no computation has read take no memory here. */
export class Cells implements CellFamily {
  readonly #engine: Engine;
  readonly #access: CellAccess;
  readonly #cells: Map<string, Cell> = new Map();

  constructor(engine: Engine, access: CellAccess) {
    this.#engine = engine;
    this.#access = access;
  }

  get size(): number {
    return this.#cells.size;
  }

  /** Called on every read: it is a dependency of the computation that is running, if there is one. */
  track(key: string): void {
    if (!this.#engine.isComputing) return;
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = new Cell(this, key);
      this.#cells.set(key, cell);
    }
    this.#engine.track(cell);
  }

  /** Called before every write to what readers of this key see. */
  touch(key: string): void {
    const cell = this.#cells.get(key);
    if (cell !== undefined) this.#engine.touch(cell);
  }

  forget(cell: Cell): void {
    if (this.#cells.get(cell.key) === cell) this.#cells.delete(cell.key);
  }

  read(key: string): unknown {
    return this.#access.read(key);
  }

  same(a: unknown, b: unknown): boolean {
    return this.#access.same(a, b);
  }

  describe(key: string): Dependency {
    return this.#access.describe(key);
  }
}
