/** Logs of processes: files that the process itself appends to, held to a size from outside. */
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, statSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';

/** Opened for appending, so a process writes on at the new end after {@link rotateLog} has emptied the file. */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  return openSync(path, 'a', 0o600);
}

/**
 * Moves the content to `<path>.1` (in place of an older one) and empties the file, where it is larger than `maxBytes`.
 * Copying keeps the process's own handle valid; a line that is written in the middle of it is lost.
 * @returns whether it did.
 */
export function rotateLog(path: string, maxBytes: number): boolean {
  try {
    if (statSync(path).size <= maxBytes) return false;
    copyFileSync(path, `${path}.1`);
    truncateSync(path, 0);
    return true;
  } catch {
    return false;
  }
}

/** The last lines of a log, of at most its last 16 KiB; empty where there is no log. */
export function tailOfLog(path: string, maxLines: number): string {
  try {
    const length = Math.min(statSync(path).size, 16_384);
    const start = statSync(path).size - length;
    const buffer = Buffer.alloc(length);
    const file = openSync(path, 'r');
    try {
      const read = readSync(file, buffer, 0, length, start);
      return buffer.toString('utf8', 0, read).trimEnd().split('\n').slice(-maxLines).join('\n');
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
