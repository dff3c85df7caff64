import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** From here on Node runs TypeScript as it is (package.json, `engines`). */
const OLDEST = [22, 18];

/**
 * The Node that runs the project's own code: the current one where it is new enough, else the one among the npm packages.
 * @param {string} root the repository's folder
 * @returns {string} its path
 * @throws {SetupError} where there is none
 */
export function modernNode(root) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return process.execPath;
  const installed = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(installed)) return installed;
  throw new SetupError({
    what: `Node.js ${process.versions.node} is too old, and there is no newer one among the npm packages for ${process.platform} ${process.arch}.`,
    why: `The code is TypeScript that Node.js ${OLDEST.join('.')} and newer run as it is.`,
    remedy: `Install Node.js ${OLDEST.join('.')} or newer.`,
  });
}

/** The environment in which `node` and the packages' programs are the project's own. */
export function projectEnvironment(root) {
  const folders = [join(modernNode(root), '..'), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''];
  return { ...process.env, PATH: folders.join(delimiter) };
}
