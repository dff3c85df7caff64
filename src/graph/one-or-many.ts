/**
 * A set that costs nothing while it holds at most one item. Most values have one reader and one watcher, and a
 * Set of one takes about 200 bytes, which is more than the value's own node.
 */
export type OneOrMany<T extends object> = T | Set<T> | undefined;

/** The set with the item; the same set where it was there already. */
export function including<T extends object>(items: OneOrMany<T>, item: T): OneOrMany<T> {
  if (items === undefined || items === item) return item;
  if (items instanceof Set) return items.add(item);
  return new Set<T>([items, item]);
}

/** The set without the item; `undefined` where nothing is left. */
export function excluding<T extends object>(items: OneOrMany<T>, item: T): OneOrMany<T> {
  if (items === item) return undefined;
  if (!(items instanceof Set)) return items;
  items.delete(item);
  if (items.size > 1) return items;
  const [last] = items;
  return last;
}

/** Appends the items to a list, in order of insertion. */
export function appendTo<T extends object>(list: T[], items: OneOrMany<T>): void {
  if (items === undefined) return;
  if (items instanceof Set) for (const item of items) list.push(item);
  else list.push(items);
}
