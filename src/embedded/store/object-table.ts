import { groupOf, keyIn, type ObjectName, type StoredObject, storeKeyOf } from './stored-object.ts';

/** Stored objects by kind and name. Objects of different API groups may have the same kind and name. */
export class ObjectTable {
  readonly #byKey = new Map<string, StoredObject>();
  readonly #byKind = new Map<string, Map<string, StoredObject>>();
  readonly #groups = new Map<string, Set<string>>();

  get size(): number {
    return this.#byKey.size;
  }

  get(key: string): StoredObject | undefined {
    return this.#byKey.get(key);
  }

  set(stored: StoredObject): void {
    const key = storeKeyOf(stored.raw);
    const { kind } = stored.raw.ref;
    this.#byKey.set(key, stored);
    const ofKind = this.#byKind.get(kind) ?? new Map<string, StoredObject>();
    this.#byKind.set(kind, ofKind.set(key, stored));
    const groups = this.#groups.get(kind) ?? new Set<string>();
    this.#groups.set(kind, groups.add(groupOf(stored.raw.apiVersion)));
  }

  delete(stored: StoredObject): void {
    const key = storeKeyOf(stored.raw);
    this.#byKey.delete(key);
    this.#byKind.get(stored.raw.ref.kind)?.delete(key);
  }

  /** All of that name, of whatever group. */
  named(name: ObjectName): readonly StoredObject[] {
    const groups = [...(this.#groups.get(name.kind) ?? [])];
    return groups.flatMap((group) => this.#byKey.get(keyIn(group, name)) ?? []);
  }

  /** All of a kind, in the order of namespace and name. */
  ofKind(kind: string): readonly StoredObject[] {
    return [...(this.#byKind.get(kind)?.values() ?? [])].sort(byName);
  }

  all(): readonly StoredObject[] {
    return [...this.#byKey.values()];
  }
}

function byName(a: StoredObject, b: StoredObject): number {
  const [left, right] = [a.raw.ref, b.raw.ref];
  if (left.namespace !== right.namespace) return left.namespace < right.namespace ? -1 : 1;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
