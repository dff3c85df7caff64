/** Files that hold a private key: written whole or not at all, readable by nobody but the user who runs the mesh. */
import { randomUUID } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SecurityError } from './security-error.ts';

/** Far above any key with a certificate, and small enough to read without a thought. */
export const MAX_PRIVATE_FILE_BYTES = 65_536;

/**
 * Reads a private file, after looking at the modes of the very file that was opened.
 * @returns undefined where there is no such file.
 * @throws SecurityError `private-file-exposed` (others may read or change it), `private-file-invalid` (no file, too large).
 */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, constants.O_RDONLY).catch(absentAsUndefined);
  if (!file) return undefined;
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_PRIVATE_FILE_BYTES) {
      throw new SecurityError('private-file-invalid', {
        what: `${path} is ${stats.isFile() ? `${stats.size} bytes long` : 'not a plain file'}.`,
        why: `A key is expected there, in a file of at most ${MAX_PRIVATE_FILE_BYTES} bytes.`,
        remedy: 'Point to the folder that holds the key, or move this file away.',
      });
    }
    refuseExposed(path, stats);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Writes a private file (mode 0600; its folder, where it has to be made, 0700). Another process sees the old state or the
 * new one, never a part.
 * @throws SecurityError `private-file-exists` where there is one already and it may not be replaced.
 */
export async function writePrivateFile(path: string, text: string, mode: 'create' | 'replace'): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  refuseExposedFolder(folder, await lstat(folder));
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    if (mode === 'replace') await rename(draft, path);
    else await link(draft, path);
  } catch (error) {
    throw isErrno(error, 'EEXIST') ? existsError(path) : error;
  } finally {
    await rm(draft, { force: true });
  }
}

function existsError(path: string): SecurityError {
  return new SecurityError('private-file-exists', {
    what: `${path} exists already.`,
    why: 'Writing over a key cuts off everyone who trusts it.',
    remedy: 'Load the key that is there, or choose another folder.',
  });
}

/** Windows has no such modes: there the folder's access list decides. */
function refuseExposed(path: string, stats: Stats): void {
  if (process.platform === 'win32') return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  if ((stats.mode & 0o077) !== 0) {
    throw new SecurityError('private-file-exposed', {
      what: `${path} has mode ${mode}: other users may read or change it.`,
      why: 'Whoever has this key can be any workload of the cluster.',
      remedy: `Run chmod 600 ${path} (in a Kubernetes Secret volume: defaultMode 0400). Make a new key if it may have been read.`,
    });
  }
  if (stats.uid !== process.getuid?.() && stats.uid !== 0) {
    throw new SecurityError('private-file-exposed', {
      what: `${path} belongs to another user (uid ${stats.uid}).`,
      why: 'Whoever owns the key can be any workload of the cluster.',
      remedy: 'Make it belong to the user who runs the control plane.',
    });
  }
}

function refuseExposedFolder(folder: string, stats: Stats): void {
  if (process.platform === 'win32' || (stats.mode & 0o022) === 0) return;
  throw new SecurityError('private-file-exposed', {
    what: `The folder ${folder} may be written by other users.`,
    why: 'They could put their own key in place of the one that is written there.',
    remedy: `Run chmod 700 ${folder}, or choose another folder.`,
  });
}

function absentAsUndefined(error: unknown): undefined {
  if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
  throw error;
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
