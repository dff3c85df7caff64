import type { Diagnostic } from '../diagnostics/index.ts';
import type { ObjectRef, RawObject } from '../model/index.ts';

/** Where objects come from: files, an API server, a peer's control plane, code. */
export interface ConfigSource {
  /** Resolves after the first full listing was given to the sink; changes follow until {@link stop}. */
  start(sink: SourceSink): Promise<void>;
  /** After it resolves, nothing is given to the sink any more. */
  stop(): Promise<void>;
}

/** Takes what a source found, batch by batch, in order. */
export interface SourceSink {
  apply(batch: SourceBatch): void;
}

/** One change of the world: `deleted` happens before `set`. */
export interface SourceBatch {
  /** New objects, and new versions of objects that were there. */
  readonly set: readonly RawObject[];
  readonly deleted: readonly ObjectRef[];
  /** Replaces what was said about each of these files before; an empty list takes it back. */
  readonly diagnostics: readonly FileDiagnostics[];
}

/** What is to be said about a file as a whole or about documents in it that are no objects. */
export interface FileDiagnostics {
  readonly file: string;
  readonly diagnostics: readonly Diagnostic[];
}
