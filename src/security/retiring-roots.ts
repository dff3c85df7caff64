/** Roots that are to be believed: those of now, and for a time those that have just been replaced. Pure. */

export interface RetiringRootsOptions {
  /** How long a root that was replaced is believed on, in milliseconds: as long as what it has signed may live. */
  readonly overlapMs: number;
  /** The roots of now count first; of the others the youngest. */
  readonly limit: number;
}

/** Each root is one PEM text. */
export class RetiringRoots {
  readonly #options: RetiringRootsOptions;
  #current: readonly string[] = [];
  /** The oldest first. */
  readonly #until = new Map<string, number>();

  constructor(options: RetiringRootsOptions) {
    this.#options = options;
  }

  /** Makes these the roots of now. */
  set(roots: readonly string[], nowMs: number): void {
    for (const root of this.#current) {
      if (!roots.includes(root)) this.#until.set(root, nowMs + this.#options.overlapMs);
    }
    for (const root of roots) this.#until.delete(root);
    this.#current = [...new Set(roots)];
  }

  /** Those of now first. */
  at(nowMs: number): readonly string[] {
    const retiring = [...this.#until].filter(([, untilMs]) => nowMs < untilMs).map(([root]) => root);
    return [...this.#current, ...retiring.reverse()].slice(0, this.#options.limit);
  }

  /** When the next one is believed no more; undefined where none retires. */
  nextEndMs(nowMs: number): number | undefined {
    const ends = [...this.#until.values()].filter((untilMs) => nowMs < untilMs);
    return ends.length > 0 ? Math.min(...ends) : undefined;
  }
}
