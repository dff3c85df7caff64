import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ApplyRequest } from '../../embedded/fleet-api.ts';
import { CliError } from '../cli-error.ts';

/** The fleet takes no more than this at once. */
const MAX_MANIFEST_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 10_000;
const MANIFEST = /^[^.].*\.(?:ya?ml|json)$/i;

/** Where manifests are read from. */
export interface ManifestSearch {
  readonly cwd: string;
  /** Folders below the given ones too. */
  readonly isRecursive: boolean;
}

/**
 * The files that `-f` means, in the order given, those of a folder by name.
 * @throws {CliError} for what cannot be read or is too large.
 */
export async function readManifests(
  names: readonly string[],
  search: ManifestSearch,
): Promise<readonly ApplyRequest[]> {
  const requests: ApplyRequest[] = [];
  for (const name of names) {
    if (name === '-') requests.push({ file: 'stdin', text: checkSize('stdin', await readStdin()) });
    else for (const file of filesOf(name, search)) requests.push({ file, text: readOne(file, search.cwd) });
  }
  return requests;
}

function filesOf(name: string, { cwd, isRecursive }: ManifestSearch): readonly string[] {
  try {
    if (!statSync(resolve(cwd, name)).isDirectory()) return [name];
    const entries = readdirSync(resolve(cwd, name), { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    const files = entries.flatMap((entry) => {
      const path = join(name, entry.name);
      if (entry.isDirectory()) return isRecursive ? filesOf(path, { cwd, isRecursive }) : [];
      return MANIFEST.test(entry.name) ? [path] : [];
    });
    if (files.length > MAX_FILES) throw unreadable(name, `there are more than ${MAX_FILES} files in it`);
    return files;
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(name, messageOf(error));
  }
}

function readOne(file: string, cwd: string): string {
  try {
    if (statSync(resolve(cwd, file)).size > MAX_MANIFEST_BYTES) throw tooLarge(file);
    return readFileSync(resolve(cwd, file), 'utf8');
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(file, messageOf(error));
  }
}

async function readStdin(): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of process.stdin) {
    parts.push(part as Buffer);
    size += (part as Buffer).length;
    if (size > MAX_MANIFEST_BYTES) throw tooLarge('stdin');
  }
  return Buffer.concat(parts).toString('utf8');
}

function checkSize(file: string, text: string): string {
  if (Buffer.byteLength(text) > MAX_MANIFEST_BYTES) throw tooLarge(file);
  return text;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unreadable(name: string, why: string): CliError {
  return new CliError({
    code: 'unreadable',
    what: `${name} cannot be read`,
    why: `${why}.`,
    remedy: 'Give a manifest, a folder of manifests, or `-`.',
  });
}

function tooLarge(file: string): CliError {
  return new CliError({
    code: 'too-large',
    what: `${file} is larger than 4 MiB`,
    why: 'A fleet bounds what it takes at once.',
    remedy: 'Split it into several files.',
  });
}
