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
  /** By reference; of several API groups that have the same kind and name, each its own. */
  readonly #entries = new Map<string, readonly Entry[]>();
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
    return [...this.#entries.values()].flat().flatMap((entry) => entry.diagnostics);
  }

  /** Of one object. */
  diagnosticsOf(ref: ObjectRef): readonly Diagnostic[] {
    return (this.#entries.get(formatObjectRef(ref)) ?? []).flatMap((entry) => entry.diagnostics);
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
    const key = formatObjectRef(raw.ref);
    const group = groupOf(raw);
    const all = this.#entries.get(key) ?? [];
    const before = all.find((entry) => groupOf(entry.raw) === group);
    const parsed = moved(before, raw) ?? parseObject(raw);
    const isBroken = parsed.diagnostics.some((diagnostic) => diagnostic.severity === 'error');
    const kept = isBroken && !parsed.object ? before?.object : undefined;
    const diagnostics = kept ? [...parsed.diagnostics, keptDiagnostic(raw)] : parsed.diagnostics;
    const entry: Entry = { raw, object: parsed.object ?? kept, diagnostics };
    this.#entries.set(key, before ? all.map((each) => (each === before ? entry : each)) : [...all, entry]);
    if (parsed.object) this.#kindOf(parsed.object.kind).set(nameOf(raw.ref), parsed.object);
    return parsed.object;
  }

  /** Objects of all API groups with this kind and name. @returns whether one that could be used is gone. */
  #delete(ref: ObjectRef): boolean {
    const key = formatObjectRef(ref);
    const used = (this.#entries.get(key) ?? []).flatMap(({ object }) => object ?? []);
    this.#entries.delete(key);
    for (const { kind } of used) this.#kindOf(kind).delete(nameOf(ref));
    return used.length > 0;
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

/** Versions of a group are the same object. */
function groupOf({ apiVersion }: RawObject): string {
  return apiVersion.slice(0, Math.max(apiVersion.lastIndexOf('/'), 0));
}

function nameOf(ref: ObjectRef): string {
  return `${ref.namespace}/${ref.name}`;
}
