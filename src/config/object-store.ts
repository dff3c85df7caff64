import { type Diagnostic, diagnose } from '../diagnostics/index.ts';
import { formatObjectRef, type ObjectRef, type RawObject } from '../model/index.ts';
import type { ConfigObject, Kind, ObjectOfKind } from './config-object.ts';
import { parseObject } from './parse-object.ts';

/** What changed for those who use the objects: `deleted` happens before `set`. */
export interface ObjectChanges {
  readonly set: readonly ConfigObject[];
  readonly deleted: readonly ObjectRef[];
}

/** Objects, to be looked up. */
export interface ObjectIndex {
  /** All objects of a kind, in the order of their namespaces and names. */
  ofKind<K extends Kind>(kind: K): readonly ObjectOfKind<K>[];
  find<K extends Kind>(kind: K, namespace: string, name: string): ObjectOfKind<K> | undefined;
}

interface Entry {
  readonly raw: RawObject;
  /** The last good version, which may be older than `raw`. */
  readonly object: ConfigObject | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * The objects of one cluster as they can be used. A new version that is broken is reported, and the last good one stays;
 * only deleting an object takes it away.
 */
export class ObjectStore implements ObjectIndex {
  readonly #entries = new Map<string, Entry>();
  /** The keys of the entries by {@link formatObjectRef}: two API groups may have a kind of the same name. */
  readonly #keys = new Map<string, Set<string>>();
  /** Kind, then `namespace/name`. */
  readonly #byKind = new Map<Kind, Map<string, ConfigObject>>();

  /** Takes in what a source found. @returns what changed for those who use the objects. */
  apply(batch: { readonly set: readonly RawObject[]; readonly deleted: readonly ObjectRef[] }): ObjectChanges {
    const deleted = batch.deleted.filter((ref) => this.#delete(ref));
    const set = batch.set.flatMap((raw) => this.#set(raw) ?? []);
    return { set, deleted };
  }

  /** Of all objects, broken ones too. */
  diagnostics(): readonly Diagnostic[] {
    return [...this.#entries.values()].flatMap((entry) => entry.diagnostics);
  }

  /** Of one object. */
  diagnosticsOf(ref: ObjectRef): readonly Diagnostic[] {
    const keys = this.#keys.get(formatObjectRef(ref)) ?? [];
    return [...keys].flatMap((key) => this.#entries.get(key)?.diagnostics ?? []);
  }

  /** Of all objects, broken ones too. */
  refs(): readonly ObjectRef[] {
    return [...this.#entries.values()].map(({ raw }) => raw.ref);
  }

  /** The newest version of every object, as it was read; broken ones too. */
  raws(): readonly RawObject[] {
    return [...this.#entries.values()].map(({ raw }) => raw);
  }

  ofKind<K extends Kind>(kind: K): readonly ObjectOfKind<K>[] {
    const objects = this.#byKind.get(kind) ?? new Map<string, ConfigObject>();
    const names = [...objects.keys()].sort();
    return names.flatMap((name) => (objects.get(name) as ObjectOfKind<K> | undefined) ?? []);
  }

  find<K extends Kind>(kind: K, namespace: string, name: string): ObjectOfKind<K> | undefined {
    return this.#byKind.get(kind)?.get(`${namespace}/${name}`) as ObjectOfKind<K> | undefined;
  }

  #set(raw: RawObject): ConfigObject | undefined {
    const key = keyOf(raw);
    const before = this.#entries.get(key);
    const parsed = moved(before, raw) ?? parseObject(raw);
    const isBroken = parsed.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    const kept = isBroken && !parsed.object ? before?.object : undefined;
    const diagnostics = kept ? [...parsed.diagnostics, keptDiagnostic(raw)] : parsed.diagnostics;
    this.#entries.set(key, { raw, object: parsed.object ?? kept, diagnostics });
    const name = formatObjectRef(raw.ref);
    this.#keys.set(name, (this.#keys.get(name) ?? new Set()).add(key));
    if (parsed.object) this.#kindOf(parsed.object.kind).set(nameOf(raw.ref), parsed.object);
    return parsed.object;
  }

  /** Objects of all API groups with this kind and name. @returns whether one that could be used is gone. */
  #delete(ref: ObjectRef): boolean {
    const name = formatObjectRef(ref);
    const keys = this.#keys.get(name) ?? [];
    this.#keys.delete(name);
    let wasUsed = false;
    for (const key of keys) {
      const entry = this.#entries.get(key);
      this.#entries.delete(key);
      if (!entry?.object) continue;
      this.#kindOf(entry.object.kind).delete(nameOf(ref));
      wasUsed = true;
    }
    return wasUsed;
  }

  #kindOf(kind: Kind): Map<string, ConfigObject> {
    const objects = this.#byKind.get(kind) ?? new Map<string, ConfigObject>();
    this.#byKind.set(kind, objects);
    return objects;
  }
}

/** An object whose text is the same but stands in another place is not parsed again. */
function moved(before: Entry | undefined, raw: RawObject): ReturnType<typeof parseObject> | undefined {
  if (!before?.object || before.raw.body !== raw.body || before.diagnostics.length > 0) return undefined;
  const { origin, positionOf, meta } = raw;
  const object = { ...before.object, meta, origin, ...(positionOf ? { positionOf } : {}) } as ConfigObject;
  return { object, diagnostics: [] };
}

function keptDiagnostic(raw: RawObject): Diagnostic {
  const { ref, origin } = raw;
  const at = origin.kind === 'file' ? { file: origin.file, line: origin.line, column: origin.column } : undefined;
  return diagnose('PEL2015', { object: `${ref.kind} ${nameOf(ref)}` }, { object: ref, at });
}

function keyOf(raw: RawObject): string {
  return `${raw.apiVersion.slice(0, Math.max(raw.apiVersion.lastIndexOf('/'), 0))}/${formatObjectRef(raw.ref)}`;
}

function nameOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`;
}
