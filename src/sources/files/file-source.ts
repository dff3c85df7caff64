import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import type { ClusterId } from '../../model/index.ts';
import type { ConfigSource, SourceSink } from '../config-source.ts';
import { type FileChange, ManifestSet } from '../manifest/manifest-set.ts';
import { FolderWatch } from './folder-watch.ts';
import { type FileStamp, readManifestFile, stampsEqual } from './read-manifest-file.ts';
import { type FolderScan, type FoundFile, scanFolder } from './scan-folder.ts';

/** From the last sign of a change to the look at the files: editors write in several steps. */
const QUIET_MS = 10;
/** Changes that do not stop coming are not waited for longer than this. */
const MAX_UNQUIET_MS = 40;
/** A file that is gone, empty or still growing is looked at again after this before it is believed. */
const CONFIRM_MS = 60;
/** All files are looked at this often in any case: no watcher tells everything. */
const RESCAN_MS = 5000;

export interface FileSourceOptions {
  readonly cluster: ClusterId;
  /** Folders with manifests (*.yaml, *.yml, *.json), looked into with all folders below them. */
  readonly folders: readonly string[];
  /** Milliseconds between two looks at all files beside what the watcher tells. Default: 5000. */
  readonly rescanMs?: number;
}

/**
 * The objects of folders of manifests: saving a file is `kubectl apply`, deleting one is `kubectl delete`.
 * Half-written files, editors that rename, and files that vanish for a moment take nothing away.
 */
export class FileSource implements ConfigSource {
  readonly #options: FileSourceOptions;
  readonly #set: ManifestSet;
  readonly #stamps = new Map<string, FileStamp | undefined>();
  /** Files that looked as if they were being written, since when. */
  readonly #suspects = new Map<string, number>();
  readonly #watch = new FolderWatch(() => this.#soon(QUIET_MS));
  #sink: SourceSink | undefined;
  #timer: NodeJS.Timeout | undefined;
  #armedAtMs: number | undefined;
  #rescan: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #isFirst = true;

  constructor(options: FileSourceOptions) {
    this.#options = options;
    this.#set = new ManifestSet(options.cluster);
  }

  async start(sink: SourceSink): Promise<void> {
    this.#sink = sink;
    await this.#lookNow();
    this.#rescan = setInterval(() => this.#soon(0), this.#options.rescanMs ?? RESCAN_MS);
    this.#rescan.unref();
  }

  async stop(): Promise<void> {
    this.#sink = undefined;
    this.#watch.close();
    clearTimeout(this.#timer);
    clearInterval(this.#rescan);
    await this.#looking;
  }

  #soon(delayMs: number): void {
    if (!this.#sink) return;
    this.#armedAtMs ??= performance.now();
    if (this.#timer && performance.now() - this.#armedAtMs > MAX_UNQUIET_MS + delayMs) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookNow(), delayMs);
    this.#timer.unref();
  }

  async #lookNow(): Promise<void> {
    this.#timer = undefined;
    this.#armedAtMs = undefined;
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = this.#look();
    try {
      await this.#looking;
    } finally {
      this.#looking = undefined;
    }
    if (this.#again) {
      this.#again = false;
      this.#soon(0);
    }
  }

  async #look(): Promise<void> {
    const scans = await Promise.all(this.#options.folders.map((folder) => this.#scan(folder)));
    this.#watch.follow(scans.flatMap((scan) => scan.folders));
    const found = scans.flatMap((scan) => scan.files);
    const changes = [...(await this.#readChanged(found)), ...this.#goneFiles(found, scans), ...problemsOf(scans)];
    if (!this.#sink) return;
    const batch = this.#set.update(changes);
    const isEmpty = batch.set.length + batch.deleted.length + batch.diagnostics.length === 0;
    if (this.#isFirst || !isEmpty) this.#sink.apply(batch);
    this.#isFirst = false;
    this.#dropSuspects(found);
    if (this.#suspects.size > 0) this.#soon(CONFIRM_MS);
  }

  async #scan(folder: string): Promise<FolderScan> {
    try {
      return await scanFolder(folder);
    } catch (error) {
      const diagnostic = diagnose('PEL1007', { problem: String((error as Error).message) });
      return { files: [], folders: [], problems: [{ file: folder, diagnostic }] };
    }
  }

  async #readChanged(found: readonly FoundFile[]): Promise<FileChange[]> {
    const changes: FileChange[] = [];
    for (const { path, file, stamp } of found) {
      const isSuspect = this.#suspects.has(file);
      if (!isSuspect && this.#stamps.has(file) && stampsEqual(this.#stamps.get(file), stamp)) continue;
      const result = await readManifestFile(path, file);
      const isDoubted = !this.#isFirst && isDoubtful(result.change, result.moving);
      if (isDoubted && !this.#isConfirmed(file)) continue;
      this.#suspects.delete(file);
      this.#stamps.set(file, result.moving ? undefined : result.stamp);
      changes.push(result.change);
    }
    return changes;
  }

  /** Files that have been missing for a while. */
  #goneFiles(found: readonly FoundFile[], scans: readonly FolderScan[]): FileChange[] {
    const there = new Set(found.map(({ file }) => file));
    for (const scan of scans) for (const problem of scan.problems) there.add(problem.file);
    const gone: FileChange[] = [];
    for (const file of this.#set.files) {
      if (there.has(file)) continue;
      if (!this.#isConfirmed(file)) continue;
      this.#suspects.delete(file);
      this.#stamps.delete(file);
      gone.push({ kind: 'gone', file });
    }
    return gone;
  }

  /** A file that came and went before it was ever read is nobody's concern. */
  #dropSuspects(found: readonly FoundFile[]): void {
    const known = new Set([...this.#set.files, ...found.map(({ file }) => file)]);
    for (const file of this.#suspects.keys()) if (!known.has(file)) this.#suspects.delete(file);
  }

  /** Has the file looked odd for long enough? The first time it only comes under suspicion. */
  #isConfirmed(file: string): boolean {
    const nowMs = performance.now();
    const sinceMs = this.#suspects.get(file) ?? nowMs;
    this.#suspects.set(file, sinceMs);
    return nowMs - sinceMs >= CONFIRM_MS;
  }
}

/** Does a file look like one that is being written at this moment? */
function isDoubtful(change: FileChange, moving: boolean): boolean {
  return moving || change.kind === 'gone' || (change.kind === 'text' && change.text.trim() === '');
}

function problemsOf(scans: readonly FolderScan[]): FileChange[] {
  const problems = scans.flatMap((scan): readonly { file: string; diagnostic: Diagnostic }[] => scan.problems);
  return problems.map(({ file, diagnostic }) => ({ kind: 'unreadable', file, diagnostic }));
}
