import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from './run-program.mjs';
import { SetupError } from './setup-error.mjs';

const STAMP = 'node_modules/.pelagos-packages';

/**
 * Brings node_modules to what package-lock.json says.
 * @param {string} root the repository's folder
 * @returns {Promise<{ changed: boolean, message: string }>}
 */
export async function installPackages(root) {
  const lock = await readFile(join(root, 'package-lock.json'), 'utf8');
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`;
  if ((await readText(join(root, STAMP))) === stamp) return { changed: false, message: 'npm packages are up to date' };
  const isInPlace = fulfils(await readText(join(root, 'node_modules/.package-lock.json')), lock);
  if (!isInPlace) await npmCi(root);
  await writeFile(join(root, STAMP), stamp);
  return { changed: !isInPlace, message: isInPlace ? 'npm packages are up to date' : 'npm packages are installed' };
}

/**
 * Does what npm noted as installed have every package of the lock file in its version? Optional ones may be missing:
 * they are for other platforms. Packages that nobody asked for do no harm.
 * @param {string} installedText
 * @param {string} lockText
 */
export function fulfils(installedText, lockText) {
  const installed = packagesOf(installedText);
  return Object.entries(packagesOf(lockText)).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (!found) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function packagesOf(text) {
  try {
    return JSON.parse(text).packages ?? {};
  } catch {
    return {};
  }
}

async function npmCi(root) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // Inside of an npm script, npm says where it is.
  const script = process.env.npm_execpath;
  const { code, output, missing } = script?.endsWith('.js')
    ? await runProgram(process.execPath, [script, ...args], { cwd: root })
    : await runProgram('npm', args, { cwd: root });
  if (missing) {
    throw new SetupError({
      what: 'The npm packages are not installed: npm was not found.',
      why: 'Everything here is built on packages that npm gets.',
      remedy: 'Install Node.js 20 or newer with npm, and try again.',
    });
  }
  if (code !== 0) {
    throw new SetupError({
      what: `The npm packages are not installed: npm ci ended with ${code}.`,
      why: npmError(output),
      remedy:
        'Look whether the network and the registry that npm uses (npm config get registry) can be reached; try again.',
    });
  }
}

/** What npm says went wrong, without its usage text and its advertisement of a log file. */
function npmError(output) {
  const lines = output.split('\n').flatMap((line) => /^npm (?:error|ERR!) (.*\S)/.exec(line)?.[1] ?? []);
  const end = lines.findIndex((line) => /^(Clean install a project|Usage:|A complete log)/.test(line));
  return lines.slice(0, Math.min(end < 0 ? lines.length : end, 8)).join('\n       ') || 'npm said nothing';
}

function readText(path) {
  return readFile(path, 'utf8').catch(() => '');
}
