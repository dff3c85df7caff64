import { Listeners } from './listeners.ts';
import { SecurityError } from './security-error.ts';
import { parseTrustRoot, type TrustRoot } from './trust-root.ts';

/** A member has one root, two while it rotates; eight leave room for members that are slow to clean up. */
export const MAX_ROOTS_PER_MEMBER = 8;
/** Together with the limit per member this bounds the bundle that every proxy holds. */
export const MAX_MEMBERS = 1000;
/** What Envoys are sent at most, in bytes of PEM: some 1,400 roots of ours. */
export const MAX_BUNDLE_BYTES: number = 1024 * 1024;

export interface TrustBundleContext {
  readonly trustDomain: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * Whom the mesh believes: the union of its members' roots. Joining, leaving and rotating a root are changes of this data.
 * A change that is refused leaves everything as it was.
 */
export class TrustBundle {
  readonly #context: TrustBundleContext;
  readonly #members = new Map<string, readonly TrustRoot[]>();
  readonly #listeners = new Listeners<void>();
  #roots: readonly TrustRoot[] = [];
  #pem = '';

  constructor(context: TrustBundleContext) {
    this.#context = context;
  }

  /** Every root once, by fingerprint: the same set is the same text on every control plane, whatever the order of joining. */
  get roots(): readonly TrustRoot[] {
    return this.#roots;
  }

  /** The roots as one PEM text; empty while there is no member. */
  get pem(): string {
    return this.#pem;
  }

  /** The members by name, sorted, with their roots. */
  get members(): ReadonlyMap<string, readonly TrustRoot[]> {
    return new Map([...this.#members].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * Sets the roots of a member, in place of those it had: the way of joining and of rotating (old and new root, later the
   * new one alone). A root that the member has already may stay although it has expired since.
   * @throws SecurityError naming the first root that is refused, or the limit that was met.
   */
  set(member: string, rootPems: readonly string[]): void {
    if (rootPems.length === 0) {
      throw new SecurityError('root-rejected', {
        what: `No root was given for the member ${JSON.stringify(member)}.`,
        why: 'A member without a root is a member that nobody believes.',
        remedy: 'Give its root, or remove the member.',
      });
    }
    if (rootPems.length > MAX_ROOTS_PER_MEMBER)
      throw fullError(`${rootPems.length} roots of one member`, MAX_ROOTS_PER_MEMBER);
    const known = this.#members.get(member) ?? [];
    const rules = { trustDomain: this.#context.trustDomain, nowMs: this.#context.now() };
    this.#replace(
      member,
      rootPems.map((pem) => known.find((root) => root.pem === pem) ?? parseTrustRoot(pem, rules)),
    );
  }

  /** Adds one root to those of a member: the first step of a rotation. @throws SecurityError as {@link set} does. */
  add(member: string, rootPem: string): void {
    this.set(member, [...(this.#members.get(member) ?? []).map((root) => root.pem), rootPem]);
  }

  /** Takes a member and its roots away. @returns whether it was one. A root that another member has too stays. */
  remove(member: string): boolean {
    if (!this.#members.has(member)) return false;
    this.#replace(member, []);
    return true;
  }

  /** Takes one root of a member away: the last step of a rotation. @returns whether the member had it. */
  removeRoot(member: string, fingerprint: string): boolean {
    const known = this.#members.get(member) ?? [];
    const kept = known.filter((root) => root.fingerprint !== fingerprint);
    if (kept.length === known.length) return false;
    this.#replace(member, kept);
    return true;
  }

  /** Takes expired roots away; to be called now and then, since time tells nobody. @returns those that went. */
  removeExpired(): readonly TrustRoot[] {
    const nowMs = this.#context.now();
    const expired = this.#roots.filter((root) => root.notAfter <= nowMs);
    for (const [member, roots] of [...this.#members]) {
      const kept = roots.filter((root) => root.notAfter > nowMs);
      if (kept.length < roots.length) this.#replace(member, kept);
    }
    return expired;
  }

  /** Calls the listener after each change of the text that {@link pem} gives. @returns the way to stop that. */
  onChange(listener: () => void): () => void {
    return this.#listeners.add(listener);
  }

  #replace(member: string, roots: readonly TrustRoot[]): void {
    const next = new Map(this.#members);
    if (roots.length === 0) next.delete(member);
    else next.set(member, unionOf([roots]));
    if (next.size > MAX_MEMBERS) throw fullError(`${next.size} members`, MAX_MEMBERS);
    const union = unionOf(next.values());
    const pem = union.map((root) => root.pem).join('');
    if (pem.length > MAX_BUNDLE_BYTES) throw fullError(`${pem.length} bytes of roots`, MAX_BUNDLE_BYTES);

    this.#members.clear();
    for (const [name, kept] of next) this.#members.set(name, kept);
    const changed = pem !== this.#pem;
    this.#roots = union;
    this.#pem = pem;
    if (changed) this.#listeners.tell();
  }
}

function unionOf(sets: Iterable<readonly TrustRoot[]>): readonly TrustRoot[] {
  const byFingerprint = new Map<string, TrustRoot>();
  for (const roots of sets) for (const root of roots) byFingerprint.set(root.fingerprint, root);
  return [...byFingerprint.values()].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));
}

function fullError(what: string, limit: number): SecurityError {
  return new SecurityError('bundle-full', {
    what: `The trust bundle would hold ${what}; the limit is ${limit}.`,
    why: 'Every proxy of the mesh holds the whole bundle and searches it at each handshake.',
    remedy: 'Remove members that have left and roots that are rotated out, then try again.',
  });
}
