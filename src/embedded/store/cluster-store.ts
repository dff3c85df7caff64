import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type ConfigObjectOf, type Kind, parseObject } from '../../config/index.ts';
import type { Diagnostic } from '../../diagnostics/index.ts';
import { type ClusterId, formatObjectRef, type ObjectRef, type RawObject } from '../../model/index.ts';
import type { ConfigSource } from '../../sources/index.ts';
import { ObjectTable } from './object-table.ts';
import { joinOverlays, type Overlay, withOverlay } from './overlay.ts';
import { StoreFeed } from './store-feed.ts';
import { type ObjectName, type StoreAction, type StoredObject, storeKeyOf } from './stored-object.ts';

/** Objects of one cluster beyond which no new ones are taken: far above what one machine can run. */
export const MAX_OBJECTS = 20_000;

/** What came of setting an object. */
export interface SetResult {
  readonly action: StoreAction;
  readonly diagnostics: readonly Diagnostic[];
}

type Identified = Pick<RawObject, 'apiVersion' | 'ref'>;

/**
 * The objects of one cluster, as an API server keeps them: checked when they are set, so that a broken version never
 * replaces a good one; watched by controllers and, as sources, by control planes.
 */
export class ClusterStore {
  readonly cluster: ClusterId;
  readonly #now: () => number;
  readonly #table = new ObjectTable();
  /** What there is unless somebody sets an object of that name. */
  readonly #builtIn = new Map<string, RawObject>();
  readonly #diagnostics = new Map<string, readonly Diagnostic[]>();
  readonly #feed: StoreFeed = new StoreFeed(() => this.#table.all().map(({ raw }) => raw));
  #version = 0;

  constructor(cluster: ClusterId, now: () => number) {
    this.cluster = cluster;
    this.#now = now;
  }

  /** What is wrong with objects as they were last set, those that were refused among them. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics.values()].flat();
  }

  /** Sets an object that gives way to any other of its name and comes back when that one goes. */
  setBuiltIn(raw: RawObject): void {
    this.#builtIn.set(storeKeyOf(raw), raw);
    if (!this.#table.get(storeKeyOf(raw))) this.set(raw);
  }

  /** Creates or replaces an object. One with errors is refused, and the last good version stays. */
  set(raw: RawObject): SetResult {
    const key = storeKeyOf(raw);
    const before = this.#table.get(key);
    const result = this.#write(raw, before, before?.overlay ?? {});
    if (result.diagnostics.length > 0) this.#diagnostics.set(key, result.diagnostics);
    else this.#diagnostics.delete(key);
    return result;
  }

  /** Adds what a controller knows to an object; @returns whether it is there. */
  patch(object: Identified, overlay: Overlay): boolean {
    const before = this.#table.get(storeKeyOf(object));
    if (!before) return false;
    const joined = joinOverlays(before.overlay, overlay);
    if (!isDeepStrictEqual(joined, before.overlay)) this.#write(before.base, before, joined);
    return true;
  }

  /** Deletes an object; a built-in one of its name comes back, unless it is that one itself. */
  delete(object: Identified): StoreAction {
    const key = storeKeyOf(object);
    if (this.#diagnostics.delete(key)) this.#feed.touch();
    const stored = this.#table.get(key);
    const builtIn = this.#builtIn.get(key);
    if (!stored) return 'not-found';
    if (builtIn && stored.base.body !== builtIn.body) {
      this.set(builtIn);
      return 'deleted';
    }
    this.#builtIn.delete(key);
    this.#table.delete(stored);
    const others = this.#table.named(object.ref);
    this.#feed.deleted(
      object.ref,
      others.map(({ raw }) => raw),
    );
    return 'deleted';
  }

  /** Its author has withdrawn an object: what was said of one of that name that was never taken is over. */
  forgetRefused(ref: ObjectRef): void {
    for (const [key, [first]] of this.#diagnostics) {
      const isMeant = first?.object !== undefined && formatObjectRef(first.object) === formatObjectRef(ref);
      if (!isMeant || this.#table.get(key)) continue;
      this.#diagnostics.delete(key);
      this.#feed.touch();
    }
  }

  /** The object of this name, of a kind that the mesh acts on. */
  get<K extends Kind>(kind: K, namespace: string, name: string): ConfigObjectOf<K> | undefined {
    const found = this.#table.named({ kind, namespace, name }).find(({ object }) => object !== undefined);
    return found?.object as ConfigObjectOf<K> | undefined;
  }

  /** All objects of a kind that the mesh acts on, in the order of their names. */
  list<K extends Kind>(kind: K): readonly ConfigObjectOf<K>[] {
    const objects = this.#table.ofKind(kind).flatMap(({ object }) => (object ? [object] : []));
    return objects as unknown as readonly ConfigObjectOf<K>[];
  }

  /** All objects of any kind, as they are stored, in the order of their names. */
  listStored(kind: string): readonly StoredObject[] {
    return this.#table.ofKind(kind);
  }

  /** All objects of all kinds. */
  listAll(): readonly StoredObject[] {
    return this.#table.all();
  }

  /** All objects of that name, of whatever API group. */
  findStored(name: ObjectName): readonly StoredObject[] {
    return this.#table.named(name);
  }

  /** All namespaces that an object is in, sorted. */
  namespacesInUse(): readonly string[] {
    const names = new Set(this.#table.all().map(({ raw }) => raw.ref.namespace));
    return [...names].filter((name) => name !== '').sort();
  }

  /** Calls the listener once after each bunch of changes. @returns the way to stop that. */
  onChange(listener: () => void): () => void {
    return this.#feed.onChange(listener);
  }

  /** This store as a source; each reader has its own. */
  source(): ConfigSource {
    return this.#feed.source();
  }

  #write(base: RawObject, before: StoredObject | undefined, overlay: Overlay): SetResult {
    const createdAtMs = base.meta.createdAtMs || (before?.raw.meta.createdAtMs ?? this.#now());
    const merged = withOverlay(base, overlay);
    const raw = { ...merged, meta: { ...merged.meta, createdAtMs } };
    const { object, diagnostics } = parseObject(raw);
    const hasError = diagnostics.some(({ severity }) => severity === 'error');
    if (hasError || (!before && this.#table.size >= MAX_OBJECTS)) {
      this.#feed.touch();
      return { action: 'refused', diagnostics };
    }
    const isSame = before !== undefined && isDeepStrictEqual(before.raw.body, raw.body);
    if (isSame && isDeepStrictEqual(before.raw.origin, raw.origin)) return { action: 'unchanged', diagnostics };
    const uid = before?.uid ?? randomUUID();
    const resourceVersion = isSame ? before.resourceVersion : ++this.#version;
    this.#table.set({ base, overlay, raw, object, uid, resourceVersion });
    this.#feed.changed(raw);
    return { action: isSame ? 'unchanged' : before ? 'configured' : 'created', diagnostics };
  }
}
