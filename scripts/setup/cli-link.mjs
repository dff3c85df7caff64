import { mkdir, readlink, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';

const TARGET = '../../bin/pelagos';

/**
 * Makes `npx pelagos` work in the checkout: npm links the programs of packages, but not of the project itself.
 * @param {string} root the repository's folder
 * @returns {Promise<{ changed: boolean, message: string }>}
 */
export async function linkCommandLine(root) {
  const path = join(root, 'node_modules/.bin/pelagos');
  const message = 'npx pelagos works';
  if ((await readlink(path).catch(() => '')) === TARGET) return { changed: false, message };
  await mkdir(join(root, 'node_modules/.bin'), { recursive: true });
  const draft = `${path}.${process.pid}`;
  await symlink(TARGET, draft);
  await rename(draft, path);
  return { changed: true, message };
}
