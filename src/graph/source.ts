import type { Dependency } from './dependency.ts';
import type { OneOrMany } from './one-or-many.ts';
import type { Watcher } from './watches.ts';

/**
 * CLEAN: up to date. CHECK: something below may have changed. DIRTY: something it read has changed. CHECKING and
 * RUNNING: on the stack now, its reads being checked or itself being computed; met again, it depends on itself.
 */
export const CLEAN = 0;
export const CHECK = 1;
export const DIRTY = 2;
export const CHECKING = 3;
export const RUNNING = 4;
export type State = typeof CLEAN | typeof CHECK | typeof DIRTY | typeof CHECKING | typeof RUNNING;

/** In place of a value that was not computed, or is not in its table. */
export const NOTHING: unique symbol = Symbol('nothing');

/** Anything whose reads are tracked. */
export abstract class Source {
  state: State = CLEAN;
  /** The number of the last computation that read this, so that repeated reads are recorded once. */
  stamp = 0;
  dependents: OneOrMany<QueryNode> = undefined;
}

/** What a family of cells has in common: one part of a table, such as its values or the keys of an index. */
export interface CellFamily {
  /** What a reader of this key sees now. */
  read(key: string): unknown;
  same(a: unknown, b: unknown): boolean;
  describe(key: string): Dependency;
  forget(cell: Cell): void;
}

/**
 * One readable part of a table, which exists only while some computation has read it. CLEAN between writes; after
 * one write DIRTY; after several CHECK, because they may add up to nothing.
 */
export class Cell extends Source {
  readonly family: CellFamily;
  readonly key: string;
  /** What its readers saw before the writes that are not settled yet. */
  before: unknown = NOTHING;

  constructor(family: CellFamily, key: string) {
    super();
    this.family = family;
    this.key = key;
  }
}

/** Why a node has no value. */
export interface Failure {
  readonly error: unknown;
  /** The node is part of the cycle itself (it does not merely read from one). */
  readonly isInCycle: boolean;
  isReported: boolean;
}

/** The parts of a query that its nodes need. */
export interface NodeFamily {
  readonly name: string;
  compute(key: string): unknown;
  equal(a: unknown, b: unknown): boolean;
  forget(node: QueryNode): void;
}

const NO_DEPENDENCIES: readonly Source[] = [];

/** The cached value of a query for one key, with what it read. */
export class QueryNode extends Source {
  readonly family: NodeFamily;
  readonly key: string;
  /** NOTHING before the first computation and after one that threw. */
  value: unknown = NOTHING;
  failure: Failure | undefined = undefined;
  /** What the last computation read, each once, in order of the first read. */
  dependencies: readonly Source[] = NO_DEPENDENCIES;
  watchers: OneOrMany<Watcher> = undefined;

  constructor(family: NodeFamily, key: string) {
    super();
    this.family = family;
    this.key = key;
    this.state = DIRTY;
  }

  override toString(): string {
    return `${this.family.name}(${this.key})`;
  }
}
