import type { Diagnostic } from '../../diagnostics/index.ts';
import { type ClusterId, formatObjectRef, type ObjectRef, type RawObject } from '../../model/index.ts';
import type { ConfigSource, SourceSink } from '../config-source.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';

/** Objects that are set and deleted by code: by tests, and by `apply`. */
export class MemorySource implements ConfigSource {
  readonly #cluster: ClusterId;
  readonly #objects = new Map<string, RawObject>();
  readonly #diagnostics = new Map<string, readonly Diagnostic[]>();
  #sink: SourceSink | undefined;

  constructor(cluster: ClusterId) {
    this.#cluster = cluster;
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
    const diagnostics = [...this.#diagnostics].map(([file, list]) => ({ file, diagnostics: list }));
    sink.apply({ set: [...this.#objects.values()], deleted: [], diagnostics });
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
  }

  /** Adds objects, or replaces those of the same kind and name. */
  set(...objects: readonly RawObject[]): void {
    for (const object of objects) this.#objects.set(formatObjectRef(object.ref), object);
    this.#sink?.apply({ set: objects, deleted: [], diagnostics: [] });
  }

  /** Deletes objects; those that are not there are passed over. */
  delete(...refs: readonly ObjectRef[]): void {
    const deleted = refs.filter((ref) => this.#objects.delete(formatObjectRef(ref)));
    if (deleted.length > 0) this.#sink?.apply({ set: [], deleted, diagnostics: [] });
  }

  /**
   * Sets all objects of a text of manifests, as `kubectl apply -f` does.
   * @param name how messages name the text.
   * @returns what is to be said about documents that are no objects.
   */
  apply(text: string, name = 'manifest'): readonly Diagnostic[] {
    const manifest = parseManifest({ cluster: this.#cluster, file: name, text });
    const objects = manifest.documents.flatMap((document) => document.objects);
    for (const object of objects) this.#objects.set(formatObjectRef(object.ref), object);
    this.#diagnostics.set(name, manifest.diagnostics);
    const diagnostics = [{ file: name, diagnostics: manifest.diagnostics }];
    this.#sink?.apply({ set: objects, deleted: [], diagnostics });
    return manifest.diagnostics;
  }
}
