/**
 * Keyed tables and live queries. Takes writes to tables, gives values of memoised functions over them and tells
 * watchers what has changed: a value runs again only if something that it read has changed, and what is equal to
 * before goes no further. Must never know what the values mean, wait, read a clock, or do IO.
 */
export { type Dependency, type TableKey, tableKeysOf } from './dependency.ts';
export { type EqualOption, Graph, type GraphOptions, type GraphStats } from './graph.ts';
export { CycleError, GraphError, type GraphErrorCode } from './graph-error.ts';
export type { Query } from './query.ts';
export { structuralEqual } from './structural-equal.ts';
export type { Table } from './table.ts';
export type { Index } from './table-index.ts';
export type { ErrorSite, OnError } from './watches.ts';
