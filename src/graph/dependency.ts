import { Cell, QueryNode, type Source } from './source.ts';

/** One thing that a value read. `members` are primary keys of the table, sorted. */
export type Dependency =
  | { readonly kind: 'table'; readonly table: string; readonly key: string }
  | { readonly kind: 'table-keys'; readonly table: string }
  | {
      readonly kind: 'index';
      readonly table: string;
      readonly index: string;
      readonly key: string;
      readonly members: readonly string[];
    }
  | { readonly kind: 'index-keys'; readonly table: string; readonly index: string }
  | {
      readonly kind: 'query';
      readonly query: string;
      readonly key: string;
      readonly dependencies: readonly Dependency[];
    };

/** A row of a table that a value came from. */
export interface TableKey {
  readonly table: string;
  readonly key: string;
}

/**
 * What a node read, down to the tables, in order of reading. A value read by two others is described once and shared
 * by both, so the result is as small as the graph itself however often paths meet.
 */
export function dependenciesOf(node: QueryNode): readonly Dependency[] {
  const known = new Map<QueryNode, Dependency[]>();
  const describe = (source: Source): Dependency => {
    if (source instanceof Cell) return source.family.describe(source.key);
    if (!(source instanceof QueryNode)) throw new TypeError('unknown source');
    return { kind: 'query', query: source.family.name, key: source.key, dependencies: expand(source) };
  };
  const expand = (from: QueryNode): readonly Dependency[] => {
    const done = known.get(from);
    if (done !== undefined) return done;
    const dependencies: Dependency[] = [];
    // Entered first, so that a cycle shows as a reference back instead of never ending.
    known.set(from, dependencies);
    for (const source of from.dependencies) dependencies.push(describe(source));
    return dependencies;
  };
  return expand(node);
}

/** Every table key in a trace, once each, sorted by table and key. Reads of whole key lists name no key. */
export function tableKeysOf(dependencies: readonly Dependency[]): readonly TableKey[] {
  const found = new Map<string, TableKey>();
  const seen = new Set<readonly Dependency[]>();
  const visit = (list: readonly Dependency[]): void => {
    if (seen.has(list)) return;
    seen.add(list);
    for (const dependency of list) {
      if (dependency.kind === 'query') visit(dependency.dependencies);
      else if (dependency.kind === 'table') add(dependency.table, dependency.key);
      else if (dependency.kind === 'index') for (const key of dependency.members) add(dependency.table, key);
    }
  };
  const add = (table: string, key: string): void => {
    found.set(`${table}\u0000${key}`, { table, key });
  };
  visit(dependencies);
  return [...found.keys()].sort().flatMap((id) => found.get(id) ?? []);
}
