import type { Resource } from '../model/index.ts';
import { ABSENT, type Batch, type Entry, type Gates, type Tick, UNKNOWN } from './batch.ts';
import { findBlame } from './blame.ts';
import { chooseEntry, isHeld } from './choose-entry.ts';
import type { SharedVersions } from './last-good.ts';
import { ANSWER, type Pending, PendingChanges } from './pending-changes.ts';
import type { Refusals } from './refusals.ts';
import type { SubscribedNames } from './subscribed-names.ts';
import type { XdsType } from './xds-type.ts';

export interface TypeStreamOptions {
  readonly type: XdsType;
  readonly names: SubscribedNames;
  readonly lastGood: SharedVersions;
  readonly refusals: Refusals;
  /** False while the proxy would overlook this resource: it waits without holding up others. */
  readonly isReady: (name: string) => boolean;
  readonly isSettling: () => boolean;
  /** False for state-of-the-world streams, where a response cannot be sent in parts. */
  readonly canSplit: boolean;
  /** Resource bytes in one response, at most (one resource may be larger). */
  readonly maxResponseBytes: number;
}

/**
 * One type on one stream: what the proxy holds, what is still to be sent, what is on its way.
 * At most one response is on its way; while it is, only the names that change are remembered, so the newest state wins.
 * Of each resource the proxy holds only the version is kept.
 */
export class TypeStream {
  readonly type: XdsType;
  readonly names: SubscribedNames;
  readonly refusals: Refusals;
  readonly #options: TypeStreamOptions;
  readonly #held = new Map<string, string>();
  readonly #pending: PendingChanges;
  /** Names over the limit that wait to be told that there is none. */
  readonly #turnedAway = new Set<string>();
  /** Parts of a refused response, sent one after the other until the culprit is known. Their names are pending as well. */
  #parts: (readonly string[])[] = [];
  #inFlight: (Batch & { readonly nonce: string }) | undefined;
  /** Names on their way that the proxy has asked for again, or given back, since. */
  readonly #crossed = new Set<string>();
  #owesAnswer = false;
  #answered = false;

  constructor(options: TypeStreamOptions) {
    this.#options = options;
    this.type = options.type;
    this.names = options.names;
    this.refusals = options.refusals;
    this.#pending = new PendingChanges(options.isSettling);
  }

  get inFlight(): (Batch & { readonly nonce: string }) | undefined {
    return this.#inFlight;
  }

  /** Has anything been sent, or was there nothing to send because the proxy has it all? */
  get answered(): boolean {
    return this.#answered;
  }

  get hasPending(): boolean {
    return this.#pending.size > 0 || this.#parts.length > 0;
  }

  /** How many resources the proxy holds. */
  get heldCount(): number {
    return [...this.#held.keys()].filter((name) => this.holds(name)).length;
  }

  /** Does the proxy hold some version of it, for certain? */
  holds(name: string): boolean {
    return isHeld(this.#held.get(name));
  }

  /** What the proxy said it holds from an earlier stream; what it has not subscribed to is of no interest. */
  resume(versions: ReadonlyMap<string, string>): void {
    for (const [name, version] of versions) {
      if (!this.names.wildcard && !this.names.has(name)) continue;
      this.#held.set(name, version);
      this.#pending.brought(name);
    }
    this.#owesAnswer = this.names.wildcard && this.type.answersEmpty && versions.size === 0;
    this.#answered = versions.size > 0;
  }

  /** A name that the proxy asks for is sent even if it was before: it may have dropped it in between (xDS protocol). */
  subscribe(name: string): boolean {
    const accepted = this.names.ask(name);
    if (!accepted) this.#turnedAway.add(name);
    this.resend(name);
    return accepted;
  }

  /**
   * Without a wildcard the proxy forgets the resource by itself. With one it cannot know whether the wildcard covers
   * the name, so it is told: by the resource, or by its removal.
   */
  unsubscribe(name: string): void {
    if (!this.names.drop(name)) return;
    if (!this.names.wildcard) this.#forget(name);
    else if (this.names.has(name)) this.resend(name);
    else this.#pending.asked(name);
  }

  /** The proxy itself forgets what came by the wildcard alone. */
  unsubscribeAll(): void {
    this.names.dropAll();
    for (const name of [...this.#held.keys(), ...(this.#inFlight?.entries.keys() ?? [])]) {
      if (!this.names.has(name)) this.#forget(name);
    }
  }

  /** Send it again although the proxy has been given it. */
  resend(name: string): void {
    if (this.#held.has(name)) this.#held.set(name, UNKNOWN);
    if (this.#inFlight?.entries.has(name)) this.#crossed.add(name);
    this.#pending.asked(name);
  }

  markChanged(name: string, tick: Tick): void {
    this.#pending.changed(name, tick);
  }

  /** Does a change up to this batch wait to be sent (removals apart)? */
  owesUpdate(tick: Tick): boolean {
    for (const name of this.#pending.upTo(tick)) {
      if (this.#evaluate(name)?.kind === 'update' && this.#options.isReady(name)) return true;
    }
    return false;
  }

  /** Takes what may be sent now; undefined for nothing. The caller sends it and says so with {@link sent}. */
  take(gates: Gates): Batch | undefined {
    if (this.#inFlight) return undefined;
    for (let part = this.#parts.shift(); part; part = this.#parts.shift()) {
      const batch = this.#collect(
        part.map((name) => [name, ANSWER] as const),
        gates,
      );
      if (batch.entries.size > 0) return batch;
    }
    const batch = this.#collect(this.#pending.entries(), gates);
    if (batch.entries.size > 0) return batch;
    if (!this.#owesAnswer || this.#pending.size > 0) return undefined;
    return batch;
  }

  sent(batch: Batch, nonce: string): void {
    this.#inFlight = { ...batch, nonce };
    this.#owesAnswer = false;
    this.#answered = true;
  }

  /** @returns the names of resources that the proxy did not hold before. */
  ack(): readonly string[] {
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    const fresh: string[] = [];
    for (const [name, entry] of batch?.entries ?? []) {
      if (entry.kind === 'update' && !this.holds(name)) fresh.push(name);
      this.#settle(name, entry);
    }
    this.#crossed.clear();
    return fresh;
  }

  /**
   * The proxy took none of the response for certain. Who is to blame is refused until it changes; the others are sent
   * again, because a refused response leaves the proxy without their versions even where it has applied them.
   */
  nack(message: string): void {
    const batch = this.#inFlight;
    this.#inFlight = undefined;
    const entries = batch?.entries ?? new Map<string, Entry>();
    this.#crossed.clear();
    const updates = [...entries].filter(([, entry]) => entry.kind === 'update').map(([name]) => name);
    const others = [...entries.keys()].filter((name) => !updates.includes(name));
    if (updates.length === 0) {
      for (const [name, entry] of entries) this.#settle(name, entry);
      return;
    }
    for (const name of entries.keys()) this.#pending.asked(name);
    let blame = findBlame(this.type, updates, message);
    if (blame.kind === 'parts' && !this.#options.canSplit) blame = { kind: 'certain', names: updates };
    if (blame.kind === 'parts') {
      this.#parts.unshift(others, ...blame.parts);
      return;
    }
    const culprits = new Set(blame.names);
    for (const [name, entry] of entries) {
      if (culprits.has(name) && entry.kind === 'update') this.#refuse(name, entry, message);
    }
    this.#parts.unshift([...entries.keys()].filter((name) => !culprits.has(name)));
  }

  /** All that the proxy should hold now, for state-of-the-world responses. */
  everything(): readonly Resource[] {
    const resources: Resource[] = [];
    for (const name of this.names.names()) {
      const current = this.names.current(name);
      if (!current) continue;
      resources.push(this.#refused(name, current) ? (this.#fallback(name, current) ?? current) : current);
    }
    return resources;
  }

  close(): void {
    this.names.close();
    this.refusals.clear();
  }

  #collect(candidates: Iterable<readonly [string, Pending]>, gates: Gates): Batch {
    const entries = new Map<string, Entry>();
    let earliest = Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (const [name, { first, last }] of candidates) {
      const entry = this.#evaluate(name);
      if (!entry) {
        this.#pending.delete(name);
        this.#reviewRefusal(name);
        continue;
      }
      if (entry.kind === 'update' && !this.#options.isReady(name)) continue;
      const open = entry.kind === 'remove' ? gates.mayRemove(last) : last === 0 || gates.mayUpdate(last);
      if (!open) continue;
      if (entry.kind === 'update') {
        bytes += entry.resource.bytes.length;
        if (bytes > this.#options.maxResponseBytes && entries.size > 0) break;
        if (first > 0) earliest = Math.min(earliest, first);
      }
      entries.set(name, entry);
      this.#pending.delete(name);
      this.#turnedAway.delete(name);
    }
    return { entries, tick: earliest };
  }

  #evaluate(name: string): Entry | undefined {
    const current = this.names.current(name);
    const refused = current !== undefined && this.#refused(name, current);
    return chooseEntry({
      type: this.type,
      held: this.#held.get(name),
      current,
      refused,
      fallback: refused ? this.#fallback(name, current) : undefined,
      asked: this.names.asked(name) || this.#turnedAway.has(name),
    });
  }

  #refused(name: string, current: Resource): boolean {
    return this.refusals.find(name)?.version === current.version;
  }

  #fallback(name: string, current: Resource): Resource | undefined {
    if (this.refusals.find(name)?.fallbackRefused) return undefined;
    const resource = this.#options.lastGood.find(name);
    return resource?.version === current.version ? undefined : resource;
  }

  #settle(name: string, entry: Entry): void {
    const tracked = this.names.has(name);
    if (this.#crossed.has(name)) {
      this.#held.set(name, UNKNOWN);
      this.#pending.asked(name);
    } else if (entry.kind === 'update') {
      this.#held.set(name, entry.resource.version);
      if (!entry.fallback) this.#options.lastGood.record(name, entry.resource);
    } else if (this.names.asked(name)) this.#held.set(name, ABSENT);
    else this.#held.delete(name);
    if (!tracked && this.#held.has(name)) {
      if (this.names.wildcard) this.#pending.asked(name);
      else this.#forget(name);
    }
    this.#reviewRefusal(name);
  }

  #refuse(name: string, entry: Entry & { kind: 'update' }, message: string): void {
    if (entry.fallback) this.refusals.refuseFallback(name);
    else this.refusals.refuse(name, entry.resource, message);
    this.#pending.asked(name);
  }

  /** A refusal is over when the proxy holds what the mesh says, or the mesh says nothing of the name any more. */
  #reviewRefusal(name: string): void {
    if (!this.refusals.find(name)) return;
    const current = this.names.current(name);
    if (!current || this.#held.get(name) === current.version) this.refusals.recover(name);
  }

  #forget(name: string): void {
    this.#held.delete(name);
    this.#pending.delete(name);
    if (this.#inFlight?.entries.has(name)) this.#crossed.add(name);
    this.refusals.recover(name);
  }
}
