import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Reads a log file that somebody else appends to, and now and then empties (as log rotation does). */
export class LogReader {
  readonly #path: string;
  #file: number | undefined;
  #offset = 0;
  #decoder = new StringDecoder('utf8');

  constructor(path: string) {
    this.#path = path;
  }

  /** Gives what is there. @param tail only so many of its last lines. */
  start(tail: number | undefined, give: (text: string) => void): void {
    const file = this.#open();
    if (file === undefined) return;
    if (tail !== undefined) this.#offset = lastLinesFrom(file, tail);
    this.more(give);
  }

  /** Gives what has been written since. */
  more(give: (text: string) => void): void {
    const file = this.#open();
    if (file === undefined) return;
    if (fstatSync(file).size < this.#offset) {
      this.#offset = 0;
      this.#decoder = new StringDecoder('utf8');
    }
    const chunk = Buffer.alloc(CHUNK_BYTES);
    for (;;) {
      const count = readSync(file, chunk, 0, chunk.length, this.#offset);
      if (count === 0) return;
      this.#offset += count;
      give(this.#decoder.write(chunk.subarray(0, count)));
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** A container that has not been started has no log yet. */
  #open(): number | undefined {
    if (this.#file !== undefined) return this.#file;
    try {
      this.#file = openSync(this.#path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    return this.#file;
  }
}

/** The offset at which the last lines begin, found from the end of the file. */
function lastLinesFrom(file: number, lines: number): number {
  const { size } = fstatSync(file);
  if (lines === 0) return size;
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let found = 0;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const count = readSync(file, chunk, 0, end - start, start);
    for (let index = count - 1; index >= 0; index--) {
      if (chunk[index] !== LINE_FEED || start + index === size - 1) continue;
      found += 1;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}
