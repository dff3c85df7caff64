import { appendTo, excluding } from './one-or-many.ts';
import { Cell, QueryNode, type Source } from './source.ts';

/** Decides what stays in the cache: what is watched, and what that has read. The rest goes with the next sweep. */
export class Retention {
  /** Nodes and cells that may be unused. */
  #loose: Set<Source> = new Set();
  /** Nodes that failed as members of a cycle: they hold each other, so counting readers never frees them. */
  readonly #cyclic: Set<QueryNode> = new Set();

  get looseCount(): number {
    return this.#loose.size;
  }

  /** The source may be unused. It stays until the next sweep. */
  loosen(source: Source): void {
    this.#loose.add(source);
  }

  noteCycle(node: QueryNode, isInCycle: boolean): void {
    if (isInCycle) this.#cyclic.add(node);
    else this.#cyclic.delete(node);
  }

  /** The reader does not read the source any more. */
  unlink(source: Source, reader: QueryNode): void {
    source.dependents = excluding(source.dependents, reader);
    if (isUnused(source)) this.#loose.add(source);
  }

  /** Forgets all that is unused. Not while something is being computed. */
  sweep(): void {
    for (const source of this.#loose) {
      this.#loose.delete(source);
      if (isUnused(source)) this.#forget(source);
    }
    for (const node of this.#cyclic) {
      for (const unwatched of unwatchedAbove(node) ?? []) this.#forget(unwatched);
    }
    if (this.#loose.size > 0) this.sweep();
  }

  /** Forgets this node if it is unused, and what only it has read, but no other unused value. */
  release(node: QueryNode): void {
    const others = this.#loose;
    others.delete(node);
    this.#loose = new Set([node]);
    this.sweep();
    this.#loose = others;
  }

  /** What becomes unused by it gets loose, so the running sweep comes to it. */
  #forget(source: Source): void {
    if (source instanceof Cell) source.family.forget(source);
    if (!(source instanceof QueryNode)) return;
    this.#cyclic.delete(source);
    source.family.forget(source);
    for (const dependency of source.dependencies) this.unlink(dependency, source);
    source.dependencies = [];
  }
}

/** Nobody reads it and nobody watches it. */
function isUnused(source: Source): boolean {
  return source.dependents === undefined && !(source instanceof QueryNode && source.watchers !== undefined);
}

/** The node and all that depends on it, or undefined where one of them is watched. */
function unwatchedAbove(node: QueryNode): ReadonlySet<QueryNode> | undefined {
  const above = new Set<QueryNode>([node]);
  for (const member of above) {
    if (member.watchers !== undefined) return undefined;
    const readers: QueryNode[] = [];
    appendTo(readers, member.dependents);
    for (const reader of readers) above.add(reader);
  }
  return above;
}
