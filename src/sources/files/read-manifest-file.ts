import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { diagnose } from '../../diagnostics/index.ts';
import type { FileChange } from '../manifest/manifest-set.ts';

/** Bytes of one file beyond which it is not read. */
export const MAX_FILE_BYTES: number = 4 * 1024 * 1024;

/** What tells one version of a file from another without reading it. */
export interface FileStamp {
  readonly inode: number;
  readonly size: number;
  readonly changedAtMs: number;
}

/** A file as it was read, with the version that was read; `moving`: it changed while it was read. */
export interface ReadResult {
  readonly change: FileChange;
  readonly stamp: FileStamp | undefined;
  readonly moving: boolean;
}

/**
 * Reads a file of manifests. Never follows a link (the path is a resolved one), never waits on a pipe or a device, and
 * reads at most {@link MAX_FILE_BYTES}.
 * @param path where it is, with all links resolved.
 * @param file how messages name it.
 */
export async function readManifestFile(path: string, file: string): Promise<ReadResult> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    return await readOpened(handle, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      return { change: { kind: 'gone', file }, stamp: undefined, moving: false };
    return unreadable(file, String((error as Error).message), undefined);
  } finally {
    await handle?.close();
  }
}

async function readOpened(handle: FileHandle, file: string): Promise<ReadResult> {
  const before = await handle.stat();
  const stamp = stampOf(before);
  if (!before.isFile()) return unreadable(file, 'it is no regular file', stamp);
  if (before.size > MAX_FILE_BYTES) {
    const diagnostic = diagnose(
      'PEL1002',
      { size: before.size, limit: MAX_FILE_BYTES },
      { at: { file, line: 1, column: 1 } },
    );
    return { change: { kind: 'unreadable', file, diagnostic }, stamp, moving: false };
  }
  const buffer = Buffer.allocUnsafe(before.size);
  const { bytesRead } = await handle.read(buffer, 0, before.size, 0);
  const after = stampOf(await handle.stat());
  const text = buffer.toString('utf8', 0, bytesRead);
  const moving = bytesRead < before.size || !stampsEqual(stamp, after);
  return { change: { kind: 'text', file, text }, stamp, moving };
}

function unreadable(file: string, problem: string, stamp: FileStamp | undefined): ReadResult {
  const diagnostic = diagnose('PEL1007', { problem }, { at: { file, line: 1, column: 1 } });
  return { change: { kind: 'unreadable', file, diagnostic }, stamp, moving: false };
}

/** The stamp of a file's state. */
export function stampOf(stats: Stats): FileStamp {
  return { inode: stats.ino, size: stats.size, changedAtMs: Math.max(stats.mtimeMs, stats.ctimeMs) };
}

/** Do both stand for the same version? */
export function stampsEqual(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  if (!a || !b) return a === b;
  return a.inode === b.inode && a.size === b.size && a.changedAtMs === b.changedAtMs;
}
