/**
 * Sources: where objects come from.
 * Takes folders, API servers, peers or code; gives raw objects with where they came from, change by change.
 * Must never judge an object beyond what it is called: that is for the stage config.
 */
export type { ConfigSource, FileDiagnostics, SourceBatch, SourceSink } from './config-source.ts';
export { FileSource, type FileSourceOptions } from './files/file-source.ts';
export { MAX_FILE_BYTES, readManifestFile } from './files/read-manifest-file.ts';
export { type FolderScan, type FoundFile, isManifestName, scanFolder } from './files/scan-folder.ts';
export { KubernetesSource, type KubernetesSourceOptions } from './kubernetes/kubernetes-source.ts';
export type { KindProblem, SourceState } from './kubernetes/source-state.ts';
export { TIMING as KUBERNETES_SOURCE_TIMING, type Timing as KubernetesSourceTiming } from './kubernetes/timing.ts';
export { type KindSet, type WatchedKind, watchedKinds } from './kubernetes/watched-kinds.ts';
export { type FileChange, ManifestSet } from './manifest/manifest-set.ts';
export { type Manifest, type ManifestDocument, type ManifestFile, parseManifest } from './manifest/parse-manifest.ts';
export { type Found, toRawObject } from './manifest/raw-object.ts';
export { MemorySource } from './memory/memory-source.ts';
