import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Diagnostic, diagnose } from '../diagnostics/index.ts';

/** The Envoy that everything here was made for and is tested with. Set-up gets the same one. */
export const ENVOY_VERSION = '1.40.0';

type Environment = Readonly<Record<string, string | undefined>>;

/** What a search for Envoy comes to. `warnings`: it is used, but its version is another. */
export type EnvoySearch =
  | {
      readonly kind: 'found';
      readonly path: string;
      readonly version: string;
      readonly warnings: readonly Diagnostic[];
    }
  | { readonly kind: 'missing'; readonly diagnostic: Diagnostic };

/** Where set-up puts the pinned Envoy. */
export function cachedEnvoyPath(env: Environment = process.env): string {
  return join(cacheFolder(env), ENVOY_VERSION, 'envoy');
}

/**
 * Looks for Envoy: the one that is named (`--envoy`, else `$PELAGOS_ENVOY`) and no other; else one of the right version
 * on the PATH; else in the cache; else any on the PATH.
 * @param named path from the command line.
 */
export async function findEnvoy(named?: string, env: Environment = process.env): Promise<EnvoySearch> {
  const given = named
    ? { path: named, place: `--envoy ${named}` }
    : env['PELAGOS_ENVOY']
      ? { path: env['PELAGOS_ENVOY'], place: `$PELAGOS_ENVOY ${env['PELAGOS_ENVOY']}` }
      : undefined;
  if (given) {
    const looked = await look(resolve(given.path), env);
    return typeof looked === 'string' ? missing([`${given.place}: ${looked}`]) : looked;
  }
  const cached = cachedEnvoyPath(env);
  const onPath = (env['PATH'] ?? '').split(delimiter).flatMap((folder) => {
    const path = folder === '' ? '' : join(folder, 'envoy');
    return isExecutable(path) ? [path] : [];
  });
  const places: string[] = onPath.length === 0 ? ['the PATH: there is none'] : [];
  let other: EnvoySearch | undefined;
  for (const path of [...onPath, cached]) {
    const looked = await look(path, env);
    if (typeof looked === 'string') places.push(`${path}: ${looked}`);
    else if (looked.kind === 'found' && looked.version === ENVOY_VERSION) return looked;
    else other ??= looked;
  }
  return other ?? missing(places);
}

function missing(places: readonly string[]): EnvoySearch {
  return { kind: 'missing', diagnostic: diagnose('PEL5004', { places: places.join('; ') }) };
}

/** @returns the Envoy, or in words what is wrong with the path. */
async function look(path: string, env: Environment): Promise<EnvoySearch | string> {
  if (!isExecutable(path)) return 'no executable file';
  const asked = await versionOf(path, env);
  if (asked.kind === 'failed') return asked.problem;
  const { version } = asked;
  const warnings = version === ENVOY_VERSION ? [] : [diagnose('PEL5005', { path, version, wanted: ENVOY_VERSION })];
  return { kind: 'found', path, version, warnings };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

type Version =
  | { readonly kind: 'version'; readonly version: string }
  | { readonly kind: 'failed'; readonly problem: string };

const run = promisify(execFile);

/** Asks the program once; the answer is kept in the cache for as long as its size and time stay the same. */
async function versionOf(path: string, env: Environment): Promise<Version> {
  const { size, mtimeMs } = statSync(path);
  const key = `${path} ${size} ${Math.round(mtimeMs)}`;
  const known = await readVersions(env);
  const version = known[key];
  if (version !== undefined) return { kind: 'version', version };
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000, maxBuffer: 65_536 });
    const found = parseEnvoyVersion(stdout);
    if (found === undefined) return { kind: 'failed', problem: 'it does not say its version, so it is no Envoy' };
    await writeVersions(env, { ...known, [key]: found });
    return { kind: 'version', version: found };
  } catch (error) {
    const { message } = error as Error;
    return { kind: 'failed', problem: `it cannot be run here: ${message.split('\n')[0] ?? message}` };
  }
}

/** `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`. */
export function parseEnvoyVersion(text: string): string | undefined {
  return /version:\s*\S+?\/(\d+\.\d+\.\d+(?:-[A-Za-z0-9.]+)?)\//.exec(text)?.[1];
}

const MAX_KNOWN = 20;

async function readVersions(env: Environment): Promise<Readonly<Record<string, string>>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(cacheFolder(env), 'versions.json'), 'utf8'));
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, version]) => typeof version === 'string'));
  } catch {
    return {};
  }
}

/** A cache that cannot be written only costs the question next time. */
async function writeVersions(env: Environment, versions: Readonly<Record<string, string>>): Promise<void> {
  const path = join(cacheFolder(env), 'versions.json');
  const draft = `${path}.${process.pid}`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(draft, JSON.stringify(Object.fromEntries(Object.entries(versions).slice(-MAX_KNOWN))));
    await rename(draft, path);
  } catch {
    // See above.
  }
}

function cacheFolder(env: Environment): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'pelagos', 'envoy');
}
