import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, Listing, ReflectedObjects } from '../../kubernetes-api/index.ts';
import type { ClusterId, ObjectRef, RawObject } from '../../model/index.ts';
import { toRawObject } from '../manifest/raw-object.ts';
import type { PendingChanges } from './pending-changes.ts';
import type { WatchedKind } from './watched-kinds.ts';

/** Objects of one kind in one cluster: beyond that a neighbour is flooding us. */
const MAX_OBJECTS = 250_000;

interface Kept {
  /** As the server has it now; what was handed on may be an older one that differs in nothing that is read. */
  version: string;
  raw: RawObject;
}

/** What is known of one kind's objects in one cluster. Tells what changes, and only what the mesh would see. */
export class ObjectSet implements ReflectedObjects {
  readonly #kind: WatchedKind;
  readonly #cluster: ClusterId;
  readonly #changes: PendingChanges;
  readonly #maxObjects: number;
  readonly #kept = new Map<string, Kept>();
  #isOver = false;

  constructor(
    kind: WatchedKind,
    to: { readonly cluster: ClusterId; readonly changes: PendingChanges; readonly maxObjects?: number },
  ) {
    this.#kind = kind;
    this.#cluster = to.cluster;
    this.#changes = to.changes;
    this.#maxObjects = to.maxObjects ?? MAX_OBJECTS;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** Were there more objects than the limit at the last listing or since then? Those are not taken. */
  get problem(): string | undefined {
    return this.#isOver ? `there are over ${this.#maxObjects} of them; the others are not read` : undefined;
  }

  set(object: KubernetesObject, apiVersion: string): void {
    const key = keyOf(object);
    const before = this.#kept.get(key);
    const version = object.metadata.resourceVersion ?? '';
    if (before && version !== '' && before.version === version) return;
    const raw = this.#project(object, apiVersion);
    if (!raw) {
      this.#delete(key);
    } else if (before && isDeepStrictEqual(before.raw.body, raw.body)) {
      before.version = version;
    } else if (!before && this.#kept.size >= this.#maxObjects) {
      this.#isOver = true;
    } else {
      this.#kept.set(key, { version, raw });
      this.#changes.set(raw);
    }
  }

  delete(object: KubernetesObject): void {
    this.#delete(keyOf(object));
  }

  listing(): Listing {
    const seen = new Set<string>();
    this.#isOver = false;
    return {
      set: (object, apiVersion) => {
        seen.add(keyOf(object));
        this.set(object, apiVersion);
      },
      delete: (object) => {
        seen.delete(keyOf(object));
        this.delete(object);
      },
      end: () => {
        for (const key of [...this.#kept.keys()]) if (!seen.has(key)) this.#delete(key);
      },
    };
  }

  room(): Promise<void> {
    return this.#changes.room();
  }

  #delete(key: string): void {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#kept.delete(key);
    const ref: ObjectRef = kept.raw.ref;
    this.#changes.delete(ref);
  }

  #project(object: KubernetesObject, apiVersion: string): RawObject | undefined {
    const body = this.#kind.project({ ...object, apiVersion: object.apiVersion ?? apiVersion, kind: this.#kind.kind });
    if (!body) return undefined;
    const resourceVersion = object.metadata.resourceVersion ?? '';
    const raw = toRawObject(body, { cluster: this.#cluster, origin: { kind: 'kubernetes', resourceVersion } });
    return 'problem' in raw ? undefined : raw;
  }
}

function keyOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
