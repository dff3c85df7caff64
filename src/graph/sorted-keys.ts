/** Below this many keys an insertion copies the list at once; above it, changes wait for the next reader. */
const COPY_LIMIT = 64;

/** Up to this many waiting changes are spliced in by binary search; more of them are cheaper to sort in. */
const SPLICE_LIMIT = 16;

/** A set of strings that is read as a sorted list (UTF-16 order). A list handed out never changes. */
export class SortedKeys {
  #list: readonly string[] = [];
  /** Changes since `#list` was made: true for a key that came, false for one that went. */
  #waiting: Map<string, boolean> | undefined;

  /** The key must not be present. */
  add(key: string): void {
    if (this.#waiting === undefined && this.#list.length < COPY_LIMIT) this.#list = inserted(this.#list.slice(), key);
    else this.#wait(key, true);
  }

  /** The key must be present. */
  delete(key: string): void {
    if (this.#waiting === undefined && this.#list.length <= COPY_LIMIT) this.#list = removed(this.#list.slice(), key);
    else this.#wait(key, false);
  }

  list(): readonly string[] {
    const waiting = this.#waiting;
    if (waiting === undefined) return this.#list;
    this.#waiting = undefined;
    if (waiting.size > SPLICE_LIMIT) {
      const list = this.#list.filter((key) => waiting.get(key) !== false);
      for (const [key, came] of waiting) if (came) list.push(key);
      this.#list = list.sort();
    } else if (waiting.size > 0) {
      const list = this.#list.slice();
      for (const [key, came] of waiting) came ? inserted(list, key) : removed(list, key);
      this.#list = list;
    }
    return this.#list;
  }

  /** A key that went and came back (or the reverse) leaves no change. */
  #wait(key: string, came: boolean): void {
    this.#waiting ??= new Map();
    if (!this.#waiting.delete(key)) this.#waiting.set(key, came);
  }
}

export function sameKeys(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((key, i) => key === b[i]));
}

function inserted(list: string[], key: string): string[] {
  list.splice(positionOf(list, key), 0, key);
  return list;
}

function removed(list: string[], key: string): string[] {
  list.splice(positionOf(list, key), 1);
  return list;
}

/** Where the key is, or would have to be inserted. */
function positionOf(list: readonly string[], key: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
