import type { Engine } from './engine.ts';
import { type NodeFamily, QueryNode } from './source.ts';

/** A memoised function of a string key whose reads are tracked. It must read nothing else that can change. */
export interface Query<V> {
  readonly name: string;
  /**
   * The up-to-date value; inside a computation a tracked read. Throws what the computation threw, and CycleError
   * where the value depends on itself; it is computed again when what it read has changed.
   */
  get(key: string): V;
}

/**
 * So many values that nobody watches are kept between two flushes; then all of them are dropped at once. It bounds
 * the memory that untracked reads of ever new keys can take in a mesh in which nothing changes.
 */
const MAX_UNWATCHED = 65_536;

export class CachedQuery<V> implements Query<V>, NodeFamily {
  readonly name: string;
  readonly engine: Engine;
  readonly #compute: (key: string) => V;
  readonly #equal: (a: V, b: V) => boolean;
  readonly #nodes: Map<string, QueryNode> = new Map();

  constructor(engine: Engine, name: string, definition: QueryDefinition<V>) {
    this.name = name;
    this.engine = engine;
    this.#compute = definition.compute;
    this.#equal = definition.equal;
  }

  /** Values in the cache. */
  get size(): number {
    return this.#nodes.size;
  }

  get(key: string): V {
    const node = this.node(key);
    this.engine.track(node);
    this.engine.refresh(node);
    if (node.failure !== undefined) throw node.failure.error;
    return node.value as V;
  }

  /** The node of a key, which is dropped with the next sweep unless somebody begins to use it. */
  node(key: string): QueryNode {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const { retention, isComputing } = this.engine;
    if (!isComputing && retention.looseCount >= MAX_UNWATCHED) retention.sweep();
    const node = new QueryNode(this, key);
    this.#nodes.set(key, node);
    if (!isComputing) retention.loosen(node);
    return node;
  }

  compute(key: string): V {
    return this.#compute(key);
  }

  equal(a: unknown, b: unknown): boolean {
    return this.#equal(a as V, b as V);
  }

  forget(node: QueryNode): void {
    if (this.#nodes.get(node.key) === node) this.#nodes.delete(node.key);
  }
}

export interface QueryDefinition<V> {
  compute(key: string): V;
  equal(a: V, b: V): boolean;
}
