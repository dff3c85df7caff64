import type { Resource } from '../model/index.ts';
import { findBlame } from './blame.ts';
import type { LastGood } from './last-good.ts';
import type { Refusals } from './refusals.ts';
import type { ResourceFeed } from './resource-feed.ts';
import type { SubscribedNames } from './subscribed-names.ts';
import type { XdsType } from './xds-type.ts';

/** Held instead of a version: the proxy was told that there is none of this name. Never equal to a content hash. */
export const ABSENT = 'absent';

/** A change's place in the order of the stream's batches. 0: not a change but the answer to a request, never held back. */
export type Tick = number;

export type Entry =
  | {
      readonly kind: 'update';
      readonly resource: Resource;
      /** The proxy holds another version of it. */
      readonly held: boolean;
      /** Not what the mesh says now, but the last version that other proxies took. */
      readonly fallback: boolean;
    }
  /** There is none of this name, and the proxy asked. */
  | { readonly kind: 'none' }
  /** What the proxy holds has gone. */
  | { readonly kind: 'remove' };

/** One response's content, by name. */
export interface Batch {
  readonly entries: Map<string, Entry>;
  /** The earliest change that it carries; Infinity where it carries only answers and removals. */
  readonly tick: Tick;
}

/** Which changes may be sent now, given what the stream's other types have still to send. */
export interface Gates {
  mayUpdate(tick: Tick): boolean;
  mayRemove(tick: Tick): boolean;
  /** False while the proxy would overlook this resource. */
  isReady(name: string): boolean;
}

export interface TypeStreamOptions {
  readonly type: XdsType;
  readonly feed: ResourceFeed;
  readonly names: SubscribedNames;
  readonly lastGood: LastGood;
  readonly refusals: Refusals;
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
  readonly #dirty = new Map<string, Tick>();
  /** Names over the limit that wait to be told that there is none. */
  readonly #turnedAway = new Set<string>();
  /** Parts of a refused response, sent one after the other until the culprit is known. Their names are dirty as well. */
  #parts: (readonly string[])[] = [];
  #inFlight: (Batch & { readonly nonce: string }) | undefined;
  #owesAnswer = false;
  #answered = false;

  constructor(options: TypeStreamOptions) {
    this.#options = options;
    this.type = options.type;
    this.names = options.names;
    this.refusals = options.refusals;
  }

  get inFlight(): (Batch & { readonly nonce: string }) | undefined {
    return this.#inFlight;
  }

  /** Has anything been sent, or was there nothing to send because the proxy has it all? */
  get answered(): boolean {
    return this.#answered;
  }

  get hasPending(): boolean {
    return this.#dirty.size > 0 || this.#parts.length > 0;
  }

  /** How many resources the proxy holds. */
  get heldCount(): number {
    let count = 0;
    for (const version of this.#held.values()) if (version !== ABSENT) count += 1;
    return count;
  }

  holds(name: string): boolean {
    const version = this.#held.get(name);
    return version !== undefined && version !== ABSENT;
  }

  /** What the proxy said it holds from an earlier stream; what it has not subscribed to is of no interest. */
  resume(versions: ReadonlyMap<string, string>): void {
    for (const [name, version] of versions) {
      if (!this.names.wildcard && !this.names.has(name)) continue;
      this.#held.set(name, version);
      this.#dirty.set(name, 0);
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
    else this.markChanged(name, 0);
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
    this.#held.delete(name);
    this.#inFlight?.entries.delete(name);
    this.#dirty.set(name, 0);
  }

  markChanged(name: string, tick: Tick): void {
    if (this.#dirty.get(name) === 0) return;
    this.#dirty.delete(name);
    this.#dirty.set(name, tick);
  }

  /** Does a change up to this batch wait to be sent (removals apart)? */
  owesUpdate(tick: Tick): boolean {
    for (const [name, changedAt] of this.#dirty) {
      if (changedAt > tick) return false;
      if (changedAt > 0 && this.#evaluate(name)?.kind === 'update') return true;
    }
    return false;
  }

  /** Takes what may be sent now; undefined for nothing. The caller sends it and says so with {@link sent}. */
  take(gates: Gates): Batch | undefined {
    if (this.#inFlight) return undefined;
    for (let part = this.#parts.shift(); part; part = this.#parts.shift()) {
      const batch = this.#collect(
        part.map((name) => [name, 0] as const),
        gates,
      );
      if (batch.entries.size > 0) return batch;
    }
    const batch = this.#collect(this.#dirty, gates);
    if (batch.entries.size > 0) return batch;
    if (!this.#owesAnswer || this.#dirty.size > 0) return undefined;
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
    const updates = [...entries].filter(([, entry]) => entry.kind === 'update').map(([name]) => name);
    const others = [...entries.keys()].filter((name) => !updates.includes(name));
    if (updates.length === 0) {
      for (const [name, entry] of entries) this.#settle(name, entry);
      return;
    }
    for (const name of entries.keys()) this.markChanged(name, 0);
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

  #collect(candidates: Iterable<readonly [string, Tick]>, gates: Gates): Batch {
    const entries = new Map<string, Entry>();
    let earliest = Number.POSITIVE_INFINITY;
    let bytes = 0;
    for (const [name, tick] of candidates) {
      const entry = this.#evaluate(name);
      if (!entry) {
        this.#dirty.delete(name);
        this.#reviewRefusal(name);
        continue;
      }
      if (!gates.isReady(name)) continue;
      const open = entry.kind === 'remove' ? gates.mayRemove(tick) : tick === 0 || gates.mayUpdate(tick);
      if (!open) continue;
      if (entry.kind === 'update') {
        bytes += entry.resource.bytes.length;
        if (bytes > this.#options.maxResponseBytes && entries.size > 0) break;
        if (tick > 0) earliest = Math.min(earliest, tick);
      }
      entries.set(name, entry);
      this.#dirty.delete(name);
      this.#turnedAway.delete(name);
    }
    return { entries, tick: earliest };
  }

  /** What has to be said of this name, if anything. */
  #evaluate(name: string): Entry | undefined {
    const held = this.#held.get(name);
    const holds = held !== undefined && held !== ABSENT;
    const current = this.names.current(name);
    const refused = current !== undefined && this.#refused(name, current);
    if (refused && holds) return undefined;
    const resource = refused ? this.#fallback(name, current) : current;
    if (resource) {
      if (resource.version === held) return undefined;
      return { kind: 'update', resource, held: holds, fallback: refused };
    }
    if (holds) return { kind: 'remove' };
    if (held === ABSENT || this.type.missing === 'silence') return undefined;
    return this.names.asked(name) || this.#turnedAway.has(name) ? { kind: 'none' } : undefined;
  }

  #refused(name: string, current: Resource): boolean {
    return this.refusals.find(name)?.version === current.version;
  }

  #fallback(name: string, current: Resource): Resource | undefined {
    if (this.type.secret || this.refusals.find(name)?.fallbackRefused) return undefined;
    const shareKey = this.#options.feed.shareKey?.(this.type.url, name);
    const resource = shareKey === undefined ? undefined : this.#options.lastGood.find(shareKey, this.type.url, name);
    return resource?.version === current.version ? undefined : resource;
  }

  #settle(name: string, entry: Entry): void {
    if (entry.kind === 'update') {
      this.#held.set(name, entry.resource.version);
      if (!this.names.has(name)) this.markChanged(name, 0);
      this.#remember(name, entry);
    } else if (this.names.asked(name)) this.#held.set(name, ABSENT);
    else this.#held.delete(name);
    this.#reviewRefusal(name);
  }

  #remember(name: string, entry: Entry & { kind: 'update' }): void {
    if (this.type.secret || entry.fallback) return;
    const shareKey = this.#options.feed.shareKey?.(this.type.url, name);
    if (shareKey !== undefined) this.#options.lastGood.record(shareKey, entry.resource);
  }

  #refuse(name: string, entry: Entry & { kind: 'update' }, message: string): void {
    if (entry.fallback) this.refusals.refuseFallback(name);
    else this.refusals.refuse(name, entry.resource, message);
    this.markChanged(name, 0);
  }

  /** A refusal is over when the proxy holds what the mesh says, or the mesh says nothing of the name any more. */
  #reviewRefusal(name: string): void {
    if (!this.refusals.find(name)) return;
    const current = this.names.current(name);
    if (!current || this.#held.get(name) === current.version) this.refusals.recover(name);
  }

  #forget(name: string): void {
    this.#held.delete(name);
    this.#dirty.delete(name);
    this.#inFlight?.entries.delete(name);
    this.refusals.recover(name);
  }
}
