import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import { type ClusterId, formatObjectRef, type ObjectRef, type RawObject } from '../../model/index.ts';
import type { FileDiagnostics, SourceBatch } from '../config-source.ts';
import { type Manifest, parseManifest } from './parse-manifest.ts';

/** What became of a file: its text, gone, or there but unreadable (then what it held before stays). */
export type FileChange =
  | { readonly kind: 'text'; readonly file: string; readonly text: string }
  | { readonly kind: 'gone'; readonly file: string }
  | { readonly kind: 'unreadable'; readonly file: string; readonly diagnostic: Diagnostic };

interface FileState {
  readonly manifest: Manifest;
  readonly objects: readonly RawObject[];
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: FileState = { manifest: { documents: [], diagnostics: [] }, objects: [], diagnostics: [] };

/**
 * The manifests of one cluster, file by file. Knows which object each file gives, which of two equal ones counts
 * (the first by file name, then line), and what changed. Reads no files itself.
 */
export class ManifestSet {
  readonly #cluster: ClusterId;
  readonly #files = new Map<string, FileState>();
  /** By identity: everybody who defines that object, the one that counts first. */
  readonly #claims = new Map<string, RawObject[]>();
  readonly #reported = new Map<string, string>();

  constructor(cluster: ClusterId) {
    this.#cluster = cluster;
  }

  /** The files that gave something, or something to complain about. */
  get files(): ReadonlySet<string> {
    return new Set(this.#files.keys());
  }

  /** Takes changes in and says what they come to: only objects that really changed are in the batch. */
  update(changes: readonly FileChange[]): SourceBatch {
    const touched = new Map<string, RawObject | undefined>();
    for (const change of changes) {
      const before = this.#files.get(change.file) ?? NOTHING;
      const after = this.#nextState(change, before);
      for (const object of before.objects) this.#touch(touched, object);
      for (const object of after.objects) this.#touch(touched, object);
      this.#replaceClaims(before.objects, after.objects);
      if (change.kind === 'gone') this.#files.delete(change.file);
      else this.#files.set(change.file, after);
    }
    return { ...this.#changesOf(touched), diagnostics: this.#changedDiagnostics(changes) };
  }

  #nextState(change: FileChange, before: FileState): FileState {
    if (change.kind === 'gone') return NOTHING;
    if (change.kind === 'unreadable') return { ...before, diagnostics: [change.diagnostic] };
    const manifest = parseManifest({ cluster: this.#cluster, file: change.file, text: change.text }, before.manifest);
    const objects = manifest.documents.flatMap((document) => document.objects);
    const isBroken = manifest.diagnostics.length > 0;
    // A broken document is most likely one of the objects that are missing now: its last good version stays.
    const kept = isBroken ? missingFrom(before.objects, objects) : [];
    return { manifest, objects: [...objects, ...kept], diagnostics: manifest.diagnostics };
  }

  #touch(touched: Map<string, RawObject | undefined>, object: RawObject): void {
    const identity = identityOf(object);
    if (!touched.has(identity)) touched.set(identity, this.#claims.get(identity)?.[0]);
  }

  #replaceClaims(before: readonly RawObject[], after: readonly RawObject[]): void {
    for (const object of before) {
      const claims = this.#claims.get(identityOf(object))?.filter((claim) => claim !== object) ?? [];
      if (claims.length > 0) this.#claims.set(identityOf(object), claims);
      else this.#claims.delete(identityOf(object));
    }
    for (const object of after) {
      const claims = [...(this.#claims.get(identityOf(object)) ?? []), object].sort(byPlace);
      this.#claims.set(identityOf(object), claims);
    }
  }

  #changesOf(touched: ReadonlyMap<string, RawObject | undefined>): Pick<SourceBatch, 'set' | 'deleted'> {
    const set: RawObject[] = [];
    const deleted: ObjectRef[] = [];
    for (const [identity, before] of touched) {
      const after = this.#claims.get(identity)?.[0];
      if (after && after !== before) set.push(after);
      if (before && !after) deleted.push(before.ref);
    }
    return { set: [...this.#survivors(deleted), ...set], deleted };
  }

  /** Objects of other API groups that have the same kind and name as a deleted one must be given again after it. */
  #survivors(deleted: readonly ObjectRef[]): RawObject[] {
    if (deleted.length === 0) return [];
    const names = new Set(deleted.map(formatObjectRef));
    return [...this.#claims.values()].flatMap(([first]) =>
      first && names.has(formatObjectRef(first.ref)) ? [first] : [],
    );
  }

  /** Who counts may have changed in files that were not touched themselves, so all files with doubles are looked at. */
  #changedDiagnostics(changes: readonly FileChange[]): FileDiagnostics[] {
    const doubles = this.#doubles();
    const files = new Set([...changes.map((change) => change.file), ...doubles.keys(), ...this.#reported.keys()]);
    const result: FileDiagnostics[] = [];
    for (const file of files) {
      const diagnostics = [...(this.#files.get(file)?.diagnostics ?? []), ...(doubles.get(file) ?? [])];
      const text = JSON.stringify(diagnostics);
      if (text === (this.#reported.get(file) ?? '[]')) continue;
      if (diagnostics.length > 0) this.#reported.set(file, text);
      else this.#reported.delete(file);
      result.push({ file, diagnostics });
    }
    return result;
  }

  #doubles(): Map<string, Diagnostic[]> {
    const byFile = new Map<string, Diagnostic[]>();
    for (const [first, ...others] of this.#claims.values()) {
      for (const other of others) {
        if (!first || other.origin.kind !== 'file') continue;
        const { file, line, column } = other.origin;
        const parameters = {
          object: `${other.ref.kind} ${other.ref.namespace}/${other.ref.name}`,
          other: placeOf(first),
        };
        const diagnostic = diagnose('PEL1004', parameters, { object: other.ref, at: { file, line, column } });
        byFile.set(file, [...(byFile.get(file) ?? []), diagnostic]);
      }
    }
    return byFile;
  }
}

/** One object of a cluster: API group, kind, namespace and name. Versions of a group are the same object. */
function identityOf(object: RawObject): string {
  const group = object.apiVersion.slice(0, Math.max(object.apiVersion.lastIndexOf('/'), 0));
  return `${group}/${formatObjectRef(object.ref)}`;
}

function missingFrom(before: readonly RawObject[], after: readonly RawObject[]): RawObject[] {
  const there = new Set(after.map(identityOf));
  return before.filter((object) => !there.has(identityOf(object)));
}

function byPlace(a: RawObject, b: RawObject): number {
  if (a.origin.kind !== 'file' || b.origin.kind !== 'file') return 0;
  if (a.origin.file !== b.origin.file) return a.origin.file < b.origin.file ? -1 : 1;
  return a.origin.line - b.origin.line || a.origin.column - b.origin.column;
}

function placeOf(object: RawObject): string {
  return object.origin.kind === 'file' ? `${object.origin.file}:${object.origin.line}` : 'another place';
}
