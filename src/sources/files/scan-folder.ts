import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { type Diagnostic, diagnose } from '../../diagnostics/index.ts';
import { type FileStamp, stampOf } from './read-manifest-file.ts';

/** Files of one folder (and those below it) beyond which no more are looked at. */
export const MAX_FILES = 10_000;
/** Deeper folders are not looked into. */
const MAX_DEPTH = 32;

/** A file of manifests, before it is read. */
export interface FoundFile {
  /** With all links resolved. */
  readonly path: string;
  /** As messages name it. */
  readonly file: string;
  readonly stamp: FileStamp;
}

/** What is in a folder and below it. */
export interface FolderScan {
  readonly files: readonly FoundFile[];
  /** All folders, with links resolved: those to be watched. */
  readonly folders: readonly string[];
  readonly problems: readonly { readonly file: string; readonly diagnostic: Diagnostic }[];
}

/** Is this the name of a file with manifests? Hidden files and editors' back-ups are not. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(?:ya?ml|json)$/i.test(name);
}

/**
 * Lists the manifests in a folder and below it, in the order of their names. Links are followed only inside of it.
 * @throws where the folder itself cannot be read.
 */
export async function scanFolder(folder: string): Promise<FolderScan> {
  const root = await realpath(folder);
  const scan = new Scan(root, folder);
  await scan.enter(root, folder, 0);
  return { files: scan.files, folders: [...scan.folders], problems: scan.problems };
}

class Scan {
  readonly files: FoundFile[] = [];
  readonly folders = new Set<string>();
  readonly problems: { file: string; diagnostic: Diagnostic }[] = [];
  readonly #root: string;
  readonly #name: string;

  constructor(root: string, name: string) {
    this.#root = root;
    this.#name = name;
  }

  async enter(path: string, name: string, depth: number): Promise<void> {
    if (this.folders.has(path) || depth > MAX_DEPTH) return;
    this.folders.add(path);
    const entries = await this.#list(path, depth);
    for (const entry of entries) {
      if (entry.name.startsWith('.') || this.files.length > MAX_FILES) continue;
      const isCandidate = entry.isDirectory() || entry.isSymbolicLink() || isManifestName(entry.name);
      if (isCandidate) await this.#look(join(path, entry.name), join(name, entry.name), depth);
    }
    if (depth === 0 && this.files.length > MAX_FILES) this.#cut();
  }

  async #list(path: string, depth: number): Promise<Dirent[]> {
    try {
      const entries = await readdir(path, { withFileTypes: true });
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (depth === 0) throw error;
      return [];
    }
  }

  async #look(path: string, file: string, depth: number): Promise<void> {
    try {
      const target = await realpath(path);
      if (!isInside(this.#root, target)) {
        if (!isManifestName(file)) return;
        const place = { at: { file, line: 1, column: 1 } };
        this.problems.push({ file, diagnostic: diagnose('PEL1006', { link: file, target }, place) });
        return;
      }
      const stats = await stat(target);
      if (stats.isDirectory()) await this.enter(target, file, depth + 1);
      else if (stats.isFile() && isManifestName(file)) this.files.push({ path: target, file, stamp: stampOf(stats) });
    } catch {
      // Gone between listing and looking, or a link to nothing: there is no such file.
    }
  }

  #cut(): void {
    this.files.length = MAX_FILES;
    const parameters = { limit: MAX_FILES, folder: this.#name };
    this.problems.push({ file: this.#name, diagnostic: diagnose('PEL1010', parameters) });
  }
}

function isInside(root: string, path: string): boolean {
  const between = relative(root, path);
  return between === '' || (between !== '..' && !between.startsWith(`..${sep}`) && !between.startsWith(sep));
}
